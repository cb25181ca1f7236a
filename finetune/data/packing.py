"""Texts for continued pretraining, joined and cut into blocks of one length: nothing is padding, nothing is lost."""

from collections.abc import Iterator, Sequence

from finetune.data.rendering import Example
from finetune.data.rows import Row


def packed(rows: Sequence[tuple[Row, Example]], length: int) -> Iterator[tuple[Row, Example]]:
    """Blocks of `length` tokens, all of them trained; each text ends with the end token.

    A block holds the end of one text and the begin of the next, and its id names the texts. What is left at the end is
    a shorter block, dropped where it has one token, for that predicts nothing.

    Args:
        rows: Texts with their tokens, without prompts.
        length: Tokens of a block.
    """
    ids: list[int] = []
    names: list[str] = []
    for row, example in rows:
        ids += example.ids
        names.append(row.id)
        while len(ids) >= length:
            yield _block(names, ids[:length])
            ids, names = ids[length:], [row.id]
    if len(ids) > 1:
        yield _block(names, ids)


def _block(names: Sequence[str], ids: list[int]) -> tuple[Row, Example]:
    name = names[0] if len(names) == 1 else f"{names[0]}…{names[-1]}"
    return Row(name, (), ""), Example(ids, 0)
