"""A passage of a paper that is asked about: from its source, in the chat, with the answer's evidence."""

from pathlib import Path

import pytest

from ingestion.paper import Paper
from tests.papers import SOURDOUGH
from tests.ui.conftest import Page
from tests.ui.scripted import write_pdf

pytestmark = pytest.mark.long

DEEPER = "The deeper chamber of the kettle whistle sounds at 440 hertz when the water boils."


def kettles(page: Page, tmp_path: Path) -> Paper:
    """A paper of which the PDF is at hand."""
    added = page.assistant.add(str(write_pdf(tmp_path)))
    assert added.paper is not None
    return added.paper


def place_of(page: Page, paper: Paper, words: str) -> str:
    """What the address says of a passage."""
    document = page.assistant.full_text.text(*page.assistant.file_to_show(paper.arxiv_id))
    start = document.page_text(1).index(words)
    return f"pdf.0.1.{start}-{start + len(words)}"


def test_the_chat_opens_with_the_passage_and_answers_from_it(page: Page, tmp_path: Path) -> None:
    paper = kettles(page, tmp_path)
    place = place_of(page, paper, "The deeper chamber of the kettle")
    page.open("chat", paper=paper.arxiv_id, passage=place)
    assert "About this passage, p. 1" in page.text
    assert "“The deeper chamber of the kettle”" in page.text
    page.ask("Which frequency does the deeper chamber of the kettle whistle sound at?")
    assert (page.running.paper, page.running.passage) == (paper.arxiv_id, place)
    turn = page.assistant.conversations.turns(page.session)[-1]
    assert turn.answer.about is not None
    assert turn.answer.about.quote == "The deeper chamber of the kettle"
    assert [source.quote for source in turn.answer.sources] == [DEEPER]
    assert page.text.count("“The deeper chamber of the kettle”") == 2, (
        "above, and with its question"
    )
    page.press("Ask the whole paper")
    assert "About this passage" not in page.text
    assert f"About {paper.arxiv_id}" in page.text


def test_what_this_means_is_not_looked_up_in_the_conversation(page: Page, tmp_path: Path) -> None:
    paper = kettles(page, tmp_path)
    page.run().ask("When does the rate of bubble bursts of sourdough peak after feeding?")
    place = place_of(page, paper, DEEPER)
    page.open("chat", session=page.session, paper=paper.arxiv_id, passage=place)
    page.ask("What does the deeper chamber do in this passage?")
    answer = page.assistant.conversations.turns(page.session)[-1].answer
    assert any(step.detail.endswith("the passage chosen, p. 1") for step in answer.steps)
    assert answer.sources[0].quote == DEEPER


def test_a_source_is_asked_about_further(page: Page) -> None:
    page.run().ask("When does the rate of bubble bursts of sourdough peak after feeding?")
    talk = page.session
    page.press(r"\[1\]").press("Ask about this passage")
    assert page.at.query_params["session"] in (talk, [talk])
    assert f"About arXiv:{SOURDOUGH.arxiv_id}" in page.text
    assert "“The rate of bubble bursts peaks 5.2 hours after feeding at 24 degrees.”" in page.text
    page.ask("What is the rate of bubble bursts?")
    answer = page.assistant.conversations.turns(talk)[-1].answer
    assert answer.about is not None
    assert answer.about.kind == "abstract"


def test_a_passage_that_is_not_there_is_told_and_the_paper_is_asked(page: Page) -> None:
    page.open("chat", paper=SOURDOUGH.arxiv_id, passage="pdf.9.1.0-10")
    assert "The passage cannot be shown" in page.text
    page.ask("When does the rate of bubble bursts of sourdough peak after feeding?")
    assert "5.2 hours" in page.text


def test_an_address_that_names_no_passage_asks_the_paper(page: Page) -> None:
    page.open("chat", paper=SOURDOUGH.arxiv_id, passage="<b>everything</b>")
    assert "About this passage" not in page.text
    assert "everything" not in page.text
    assert f"About arXiv:{SOURDOUGH.arxiv_id}" in page.text
