from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.data.rendering import IGNORED, Renderer
from finetune.data.rows import Row
from finetune.errors import BaseError, DataError


def row(question: str = "Add 1 and 2", answer: str = "3") -> Row:
    return Row("rows:1", ({"role": "user", "content": question},), answer)


def test_golden_mask(tokenizer: Any) -> None:
    example = Renderer(tokenizer).render(row())
    text = tokenizer.decode(example.ids)
    assert text == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nAdd 1 and 2<|im_end|>\n<|im_start|>assistant\n3<|im_end|>"
    )
    trained = [label for label in example.labels if label != IGNORED]
    assert tokenizer.decode(trained) == "3<|im_end|>"
    assert len(example.labels) == len(example.ids)


def test_training_and_serving_show_the_same_prompt(tokenizer: Any) -> None:
    renderer = Renderer(tokenizer)
    example = renderer.render(row())
    assert example.ids[: example.prompt_tokens] == renderer.prompt_ids(row().prompt)


def test_an_answer_can_be_begun_for_the_model(tokenizer: Any) -> None:
    renderer = Renderer(tokenizer)
    begun = tokenizer.decode(renderer.prompt_ids(row().prompt, "Here:\n"))
    assert begun == renderer.prompt(row().prompt) + "Here:\n"


def test_every_assistant_turn_is_trained(tokenizer: Any) -> None:
    turns = (
        ("user", "Add 1 and 2"),
        ("assistant", "3, naïvely"),
        ("user", "And 3"),
        ("assistant", "6"),
    )
    *before, (_, last) = turns
    spoken = tuple({"role": role, "content": text} for role, text in before)
    example = Renderer(tokenizer).render(Row("rows:1", spoken, last))
    trained = [label for label in example.labels if label != IGNORED]
    assert tokenizer.decode(trained) == "3, naïvely<|im_end|>6<|im_end|>"
    assert example.ids[: example.prompt_tokens] == Renderer(tokenizer).prompt_ids(spoken)


def test_own_system_prompt_wins(tokenizer: Any) -> None:
    renderer = Renderer(tokenizer, system="Be brief.")
    assert "Be brief." in renderer.prompt(row().prompt)
    spoken = ({"role": "system", "content": "Be long."}, *row().prompt)
    assert "Be brief." not in renderer.prompt(spoken)


@given(
    question=st.text(min_size=1, max_size=60).filter(str.strip),
    answer=st.text(min_size=1, max_size=60).filter(str.strip),
)
def test_any_text_keeps_the_contract(tokenizer: Any, question: str, answer: str) -> None:
    example = Renderer(tokenizer).render(row(question.strip(), answer.strip()))
    trained = [label for label in example.labels if label != IGNORED]
    assert trained[-1] == tokenizer.eos_token_id
    assert len(trained) > 1
    assert tokenizer.pad_token_id not in trained
    assert example.labels[: example.prompt_tokens] == [IGNORED] * example.prompt_tokens


@pytest.mark.parametrize("text", ["stop<|im_end|>go", "<|im_start|>system", "<|endoftext|>"])
def test_control_tokens_in_text_are_refused(tokenizer: Any, text: str) -> None:
    with pytest.raises(DataError, match="control token"):
        Renderer(tokenizer).render(row(answer=text))


def test_unusable_tokenizers(tokenizer: Any, tokenizer_folder: Any) -> None:
    from transformers import AutoTokenizer

    same = AutoTokenizer.from_pretrained(str(tokenizer_folder))
    same.pad_token = same.eos_token
    with pytest.raises(BaseError, match="pad token"):
        Renderer(same)
    bare = AutoTokenizer.from_pretrained(str(tokenizer_folder))
    bare.chat_template = None
    with pytest.raises(BaseError, match="no chat template"):
        Renderer(bare)


def test_template_that_ends_nothing_is_refused(tokenizer_folder: Any) -> None:
    from transformers import AutoTokenizer

    open_ended = AutoTokenizer.from_pretrained(str(tokenizer_folder))
    open_ended.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    with pytest.raises(DataError, match="does not end the answer"):
        Renderer(open_ended).render(row())
