import json
from pathlib import Path
from typing import Any

import pytest

from finetune.config import Format, Source
from finetune.data.rows import Flaw, Row, read_rows
from finetune.errors import DataError


def read(
    tmp_path: Path, kind: Format, *rows: Any, lines: bool = False, **more: str
) -> list[Row | Flaw]:
    path = tmp_path / ("rows.jsonl" if lines else "rows.json")
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    path.write_text(text, encoding="utf-8")
    return list(read_rows(Source(path=str(path), format=kind, licence="CC0", **more)))


def test_alpaca_joins_instruction_and_input(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "alpaca", {"instruction": "Sort.", "input": "3 1", "output": " 1 3 \n"})
    assert row == Row("rows:1", ({"role": "user", "content": "Sort.\n\n3 1"},), "1 3")


def test_answer_under_another_name(tmp_path: Path) -> None:
    (row,) = read(
        tmp_path, "alpaca", {"instruction": "Q", "response": "A"}, answer_field="response"
    )
    assert isinstance(row, Row)
    assert row.answer == "A"


def test_messages_with_text_parts_and_system(tmp_path: Path) -> None:
    parts = [{"type": "text", "value": "Hel"}, {"type": "text", "text": "lo"}]
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": "Hi"},
    ]
    (row,) = read(tmp_path, "messages", {"messages": turns}, lines=True)
    assert isinstance(row, Row)
    assert [message["content"] for message in row.prompt] == ["Be brief.", "Hello"]


def test_sharegpt_learns_the_last_answer(tmp_path: Path) -> None:
    turns = [{"from": who, "value": who + str(n)} for n in (1, 2) for who in ("human", "gpt")]
    (row,) = read(tmp_path, "sharegpt", {"conversations": turns})
    assert isinstance(row, Row)
    assert (len(row.prompt), row.answer) == (3, "gpt2")


def test_plain_prompt_lines(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "prompt", {"prompt": "Q", "completion": "A"}, lines=True)
    assert isinstance(row, Row)


@pytest.mark.parametrize(
    ("kind", "row", "field"),
    [
        ("alpaca", {"instruction": "Q"}, "output"),
        ("alpaca", {"instruction": " ", "output": "A"}, "instruction"),
        ("alpaca", {"instruction": 3, "output": "A"}, "instruction"),
        ("alpaca", "text", "row"),
        ("messages", {"messages": "text"}, "messages"),
        ("messages", {"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ("messages", {"messages": [{"role": "user", "content": "x"}]}, "messages"),
        (
            "messages",
            {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
            "messages[0]",
        ),
        ("sharegpt", {"conversations": []}, "conversations"),
    ],
)
def test_flaws_name_row_and_field(tmp_path: Path, kind: Format, row: Any, field: str) -> None:
    (flaw,) = read(tmp_path, kind, row)
    assert isinstance(flaw, Flaw)
    assert (flaw.id, flaw.field) == ("rows:1", field)
    assert flaw.fix


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Cannot read"):
        list(read_rows(Source(path=str(tmp_path / "none"), format="alpaca", licence="x")))
    path = tmp_path / "bad.jsonl"
    path.write_text('{"a": 1}\n{"a"')
    with pytest.raises(DataError, match="line 2"):
        list(read_rows(Source(path=str(path), format="alpaca", licence="x")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("code/code_alpaca_2k.json", "alpaca", 2017),
        ("code/new_codealpaca_4.5k.json", "alpaca", 4535),
        ("sft-formats/alpaca-zh-200.json", "alpaca", 200),
        ("sft-formats/messages-v1.jsonl", "messages", 500),
    ],
)
def test_real_files(shared_data: Path, name: str, kind: Format, count: int) -> None:
    found = list(read_rows(Source(path=str(shared_data / name), format=kind, licence="see source")))
    assert len(found) == count
    assert sum(isinstance(item, Flaw) for item in found) < 0.01 * count
