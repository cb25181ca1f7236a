"""A reader is trained on the very words that the agent asks it with."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.reader_prompt import reader_prompt
from finetune.config import Source
from finetune.data.rows import Flaw, Row, read_rows
from finetune.errors import DataError
from rag_agent.prompts.reader import Prompts

SENTENCES = ["Training took {five} days.", "It used 8 GPUs."]


def source(tmp_path: Path, rows: list[Any]) -> Source:
    prompt, data = tmp_path / "prompt.json", tmp_path / "rows.jsonl"
    prompt.write_text(json.dumps(reader_prompt(Prompts())))
    data.write_text("\n".join(map(json.dumps, rows)))
    return Source(path=str(data), format="reader", prompt_file=str(prompt), licence="CC0-1.0")


@pytest.mark.parametrize("form", ["fact", "yes_no", "explain"])
def test_a_row_is_asked_as_the_agent_asks(tmp_path: Path, form: str) -> None:
    question = "How long {question} was training?"
    fields = {"question": question, "sentences": SENTENCES, "answer": "Five days.", "form": form}
    (row,) = read_rows(source(tmp_path, [fields]))
    assert isinstance(row, Row)
    asked = Prompts().read(question, form, SENTENCES)  # type: ignore[arg-type]
    assert [(turn["role"], turn["content"]) for turn in row.prompt] == asked
    assert row.answer == "Five days."


def test_not_stated_is_an_answer_and_flaws_are_named(tmp_path: Path) -> None:
    asked = {"question": "Why?", "sentences": SENTENCES}
    rows = list(read_rows(source(tmp_path, [{**asked, "answer": None}, asked])))
    assert isinstance(rows[0], Row)
    assert rows[0].answer == "NOT STATED"
    assert rows[0].answer in rows[0].prompt[0]["content"]  # the words that the prompt itself gives
    assert isinstance(rows[1], Flaw)
    assert rows[1].field == "answer"


def test_without_its_prompt_nothing_is_read(tmp_path: Path) -> None:
    bare = source(tmp_path, []).model_copy(update={"prompt_file": ""})
    with pytest.raises(DataError, match="no reader's prompt"):
        list(read_rows(bare))
