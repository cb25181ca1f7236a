from hypothesis import given
from hypothesis import strategies as st

from finetune.data.packing import packed
from finetune.data.rendering import IGNORED, Example
from finetune.data.rows import Row


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(2, 16))
def test_no_token_is_lost_and_all_are_trained(lengths: list[int], block: int) -> None:
    rows = [(Row(f"t:{n}", (), "x"), Example([n] * length, 0)) for n, length in enumerate(lengths)]
    blocks = [example for _, example in packed(rows, block)]
    whole = [token for _, example in rows for token in example.ids]
    found = [token for example in blocks for token in example.ids]
    assert found == whole[: len(found)]
    assert len(whole) - len(found) <= 1
    assert all(len(example.ids) == block for example in blocks[:-1])
    assert all(IGNORED not in example.labels for example in blocks)


def test_a_block_says_which_texts_it_holds() -> None:
    rows = [(Row(f"t:{n}", (), "x"), Example([n] * 3, 0)) for n in range(3)]
    assert [row.id for row, _ in packed(rows, 4)] == ["t:0…t:1", "t:1…t:2"]
