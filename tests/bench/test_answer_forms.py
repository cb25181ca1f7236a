"""The same questions over papers in several forms."""

import json
from pathlib import Path

import pytest

from bench.answer_forms import InForm, file_in, plain_text
from bench.answer_sets import Task, read_set

PAGE = """<html><body><nav>Skip</nav><article><h1>Small nets</h1><p>Ours is
best: <math alttext="x_{t}"><semantics><mi>𝒙</mi><annotation>x_{t}</annotation></semantics></math>.</p>
<table><tr><th>Way</th><th>F1</th></tr><tr><td>Ours</td><td>0.9</td></tr></table></article></body></html>"""


def test_text_without_structure_is_what_is_left_of_a_page_that_was_copied() -> None:
    assert plain_text(PAGE) == "Small nets\n\nOurs is best: x.\n\nWay F1\n\nOurs 0.9\n"


def test_forms_of_one_paper_are_papers_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.answer_forms.RUNS", tmp_path / "runs")
    for place, ending in (("html", ".html"), ("latex", ".tex")):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"2410.00001v2{ending}").write_text(PAGE)
    files = [file_in(form, "2410.00001v2", tmp_path) for form in ("html", "latex", "text")]
    assert [file.suffix for file in files] == [".html", ".tex", ".txt"]
    assert not any("2410.00001" in file.name for file in files)
    with pytest.raises(SystemExit, match="--papers"):
        file_in("html", "2410.00002", tmp_path)


def test_a_form_is_asked_about_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.answer_forms.RUNS", tmp_path / "runs")
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "p.html").write_text(PAGE)
    asked: list[Task] = []

    class Told:
        def answer(self, task: Task) -> tuple[dict[str, object], float, None]:
            asked.append(task)
            return {}, 0.0, None

    InForm("text", Told(), tmp_path).answer(Task("q", "p"))  # type: ignore[arg-type]
    assert asked[0].file is not None
    assert asked[0].file.read_text().startswith("Small nets")


def test_the_forty_questions_are_half_of_tables_and_equations_and_a_quarter_without_answer() -> (
    None
):
    tasks = read_set(Path(__file__).parents[2] / "bench/questions/forms.jsonl", has_pdfs=False)
    structured = [task for task in tasks if task.kind in ("table", "equation")]
    assert (len(tasks), len(structured)) == (40, 20)
    assert sum(not task.answerable for task in tasks) == 10
    assert all(task.file is None for task in tasks)


def test_a_set_of_pdfs_still_needs_them(tmp_path: Path) -> None:
    rows = tmp_path / "set.jsonl"
    rows.write_text(json.dumps({"paper": "p", "q": "?", "key": "x"}) + "\n")
    with pytest.raises(SystemExit, match="--papers"):
        read_set(rows, tmp_path)
