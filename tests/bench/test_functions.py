"""The one measurement of a coder on functions with hidden tests: kept row by row, resumed, compared in pairs."""

from pathlib import Path

import pytest

from bench.functions import Coder, coder_of, gain, kept, settings_for, solve, summed, table
from finetune.data.problems import problem_of
from rag_agent.model.scripted import ScriptedModel
from tests.rag_agent.sandboxes import TIGHT, opened

BARE, TUNED = Coder("m", "none", 1.0), Coder("m", "a@1", 1.0)


def problems() -> list:  # type: ignore[type-arg]
    return [
        problem_of({
            "task_id": n, "text": f"Add {n}.", "code": f"def add(x):\n    return x + {n}\n",
            "test_list": [f"assert add(1) == {n + 1}"],
        })
        for n in range(3)
    ]  # fmt: skip


def reply(number: int) -> str:
    return f"def add(x):\n    return x + {number}\n```\nIt adds."  # behind the fence that was begun for it


def test_rows_are_kept_and_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    model = ScriptedModel([reply(0), reply(1), reply(7)])
    rows = solve(problems(), model, BARE, opened(TIGHT), path, slots=1)
    assert [row["base"] for row in rows] == [True, True, False]
    assert "It adds" not in rows[0]["reply"]  # stopped where the program ends
    path.write_text("\n".join(path.read_text().splitlines()[:2]) + "\n")
    again = solve(problems(), ScriptedModel([reply(2)]), BARE, opened(TIGHT), path, slots=1)
    assert [row["base"] for row in again] == [True, True, True]
    assert summed(again, BARE) == {
        "n": 3, "model": "m", "adapter": "none", "scale": 1.0,
        "pass@1": {"mean": 1.0, "low": 1.0, "high": 1.0}, "pass@1_plus": None,
    }  # fmt: skip


@pytest.mark.long
def test_another_coder_has_rows_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "functions-few.jsonl"
    solve(problems(), ScriptedModel([reply(9)] * 3), BARE, opened(TIGHT), path, slots=1)
    solve(
        problems(), ScriptedModel([reply(n) for n in range(3)]), TUNED, opened(TIGHT), path, slots=1
    )
    own = [row for row in kept(path) if TUNED.wrote(row)]
    bare = [row for row in kept(path) if BARE.wrote(row)]
    assert gain(bare, own, "base") == {"mean": 1.0, "low": 1.0, "high": 1.0}
    lines = table([path]).splitlines()
    assert lines[2].startswith("| few | m | 3 | 0.000")
    assert "a@1 × 1 | 3 | 1.000" in lines[3]
    assert lines[3].endswith("| 1.000 [1.000, 1.000] |")


def test_the_coder_in_force_is_the_default(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    adapter = tmp_path / "better.gguf"
    adapter.write_bytes(b"weights")
    (home / "settings.toml").write_text(f'[coder]\nmodel = "small"\nadapter = "{adapter}"\n')
    inforce = coder_of(settings_for("", "", None, 0))
    assert inforce.model == "small"
    assert inforce.adapter.startswith("better@")
    assert coder_of(settings_for("", "none", None, 0)) == Coder("small", "none", 1.0)
    assert coder_of(settings_for("large.gguf", "", 0.5, 0)).scale == 0.5


@pytest.mark.parametrize("samples", [2])
def test_samples_are_drawn_apart(tmp_path: Path, samples: int) -> None:
    model = ScriptedModel([reply(0), reply(5)])
    rows = solve(problems()[:1], model, BARE, opened(TIGHT), tmp_path / "r.jsonl", samples, slots=1)
    assert [row["sample"] for row in rows] == [1, 2]
    assert summed(rows, BARE)["pass@1"]["mean"] == 0.5
