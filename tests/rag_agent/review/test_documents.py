import re
from dataclasses import replace
from pathlib import Path

import bibtexparser
import pytest

from ingestion.bibliography import exported
from rag_agent.citation import Citation, Claim
from rag_agent.review import documents
from rag_agent.review.review import Review, Section
from tests.rag_agent.review.invented import LENS, RISE

EVIL = replace(LENS, title=r"<script>alert(1)</script> \write18{rm -rf ~} $\input{x}$ **b**")


def quote(paper: object, text: str, start: int = 5) -> Citation:
    return Citation(1, paper, None, text, start, text, 0.8)  # type: ignore[arg-type]


REVIEW = Review(
    topic="Dough & lenses: 100 %\nAn abstract.",
    sections=(
        Section(
            "Bubbles_and more",
            (
                Claim("Bubbles predict the rise.", True, (quote(RISE, "bubbles predict"),)),
                Claim(
                    "It costs 5 %.",
                    True,
                    (quote(RISE, "costs 5 %", 50), quote(EVIL, r"\def\x{<b>}")),
                ),
            ),
        ),
    ),
    papers=(RISE, EVIL),
    unused=(LENS,),
    not_found=("prices of flour",),
    model="scripted",
)


def test_each_sentence_carries_marks_that_lead_to_its_quotes() -> None:
    text = documents.as_markdown(REVIEW)
    assert "Bubbles predict the rise. [1a] It costs 5 %. [1b][2]" in text
    assert "\\[1b\\] “costs 5 %” (abstract)" in text
    assert text.index("## What was not found") < text.index("prices of flour")
    assert "Lighthouse lenses by phase retrieval" in text[text.index("## Read, and not cited") :]


def test_html_runs_nothing_and_loads_nothing() -> None:
    page = documents.as_html(REVIEW)
    assert "<script" not in page
    assert "src=" not in page
    assert 'href="#q1b"' in page
    assert 'id="q1b"' in page


def test_latex_cites_keys_of_its_bibliography_and_runs_no_command_of_a_paper() -> None:
    text = documents.as_latex(REVIEW)
    for command in (r"\write18", r"\input{x", r"\def"):
        assert command not in text
    keys = {key for group in re.findall(r"\\cite\{([^}]+)\}", text) for key in group.split(",")}
    entries = bibtexparser.loads(exported(REVIEW.papers)).entries
    assert keys == {entry["ID"] for entry in entries}


def test_all_forms_are_written_without_pandoc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    names = [file.name for file in documents.write(REVIEW, tmp_path / "out")]
    assert names == ["review.md", "review.html", "review.tex", "review.bib"]
    assert all((tmp_path / "out" / name).stat().st_size > 50 for name in names)


def test_a_summary_of_this_project_s_own_is_no_quote_and_says_whose_it_is() -> None:
    starter = replace(RISE, origin="starter")
    own = Citation(1, starter, None, "bubbles predict", 5, "bubbles predict", 0.8, kind="summary")
    said = (Claim("Bubbles predict the rise.", True, (own,)),)
    review = replace(REVIEW, sections=(Section("Bubbles", said),), papers=(starter,))
    for write in (documents.as_markdown, documents.as_html, documents.as_latex):
        text = write(review)
        assert "“bubbles" not in text
        assert "``bubbles" not in text
        assert "in this project" in text
