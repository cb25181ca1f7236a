"""The measurements of tables and reviews, on a model that follows a script."""

import json
from pathlib import Path

import pytest

pytest.importorskip("pytrec_eval", reason="needs the bench extra")

from bench import marks, reviewing, tables
from rag_agent.assistant import Assistant
from tests.papers import LIGHTHOUSE, PONDS, SOURDOUGH
from tests.ui.scripted import scripted_assistant, write_pdf


@pytest.fixture
def assistant(library: Path) -> Assistant:
    return scripted_assistant(library)


def test_a_mark_stays_with_what_was_marked_and_goes_with_what_changed(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    rows = marks.keep(file, [{"value": "a"}, {"value": "b"}])
    assert marks.share(rows) == {"read": 0, "of": 2}
    file.write_text("".join(json.dumps({**row, "right": True}) + "\n" for row in rows))
    again = marks.keep(file, [{"value": "a"}, {"value": "c"}])
    assert [row["right"] for row in again] == [True, None]
    assert marks.share(again)["right"] == 1.0
    assert marks.read(file) == again


def test_every_cell_of_a_table_is_a_row_to_be_read(assistant: Assistant) -> None:
    table = tables.made(
        assistant, [LIGHTHOUSE.arxiv_id, PONDS.arxiv_id], "surface error of the lens; diet"
    )
    rows = list(tables.cells(table))
    assert [row["column"] for row in rows] == ["surface error of the lens", "diet"] * 2
    assert "0.8 micrometres" in rows[0]["value"]
    assert all(row["numbers held"] for row in rows)
    assert rows[3]["value"] == "not stated"


def test_the_pdfs_of_a_folder_become_rows(assistant: Assistant, tmp_path: Path) -> None:
    write_pdf(tmp_path)
    (id_,) = tables.add_papers(assistant, tmp_path)
    assert assistant.library.get([id_])


def test_reviews_are_checked_and_their_sentences_drawn_evenly(assistant: Assistant) -> None:
    topics = ("lunar tide of a garden pond", "bubble bursts of sourdough")
    reviews = [reviewing.written(assistant, topic, 8) for topic in topics]
    for review in reviews:
        figures = reviewing.checked(assistant, review)
        assert figures["sentences"] > 0
        assert (figures["without a quote"], figures["not letter by letter"]) == (0, 0)
    rows = reviewing.sampled(reviews, 4)
    assert [row["topic"] for row in rows] == [topics[0]] * 2 + [topics[1]] * 2
    assert rows == reviewing.sampled(reviews, 4)
    assert SOURDOUGH.arxiv_id in json.dumps(rows)
