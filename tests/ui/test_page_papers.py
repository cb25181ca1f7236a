"""The library browsed, collections, marks, questions to a collection alone, a paper at a glance."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ingestion.collections import Mark
from rag_agent.model.client import Message
from rag_agent.settings_file import save_settings
from tests.papers import LIGHTHOUSE, PONDS, SOURDOUGH
from tests.ui.conftest import Page
from tests.ui.scripted import write_pdf
from ui.web import program

pytestmark = pytest.mark.long


def titles(page: Page) -> list[str]:
    """What the list shows, in its order."""
    return [b.label for b in page.at.button if str(b.key).startswith("open-")]


def test_the_library_is_browsed_without_a_query(page: Page) -> None:
    page.open("library")
    assert len(titles(page)) == 20
    assert "Similarity" not in page.text
    page.at.selectbox(key="order").set_value("by_title")
    page.run()
    assert titles(page)[0] == LIGHTHOUSE.title
    page.at.text_input(key="category").set_value("eess.AS")
    page.run()
    assert titles(page) == [SOURDOUGH.title]


def test_selected_papers_become_a_collection_that_is_asked_alone(page: Page) -> None:
    page.open("library")
    page.at.text_input(key="author").set_value("Dara")
    page.at.text_input(key="query").set_value("")
    page.at.selectbox(key="order").set_value("by_title")
    page.run()
    kept = page.assistant.library.collections
    page.at.checkbox(key=f"pick-{PONDS.arxiv_id}").check()
    page.run()
    assert "1 selected" in page.text
    page.at.text_input(key="new-selection").set_value("Still water")
    page.run()
    page.at.button(key="make-selection").click()
    page.run()
    assert kept.papers("Still water") == (PONDS.arxiv_id,)
    page.open("chat", within="Still water")
    assert "Only “Still water”, 1 papers" in page.text
    page.ask("When does the rate of bubble bursts of sourdough peak after feeding?")
    assert "5.2 hours" not in page.text
    page.open("chat", within="Still water")
    page.ask("What is the lunar tide of the pond?")
    assert "we measure the lunar tide of a garden pond" in page.text
    kept.delete("Still water")


def test_marks_of_a_paper_are_kept_and_shown(page: Page) -> None:
    page.open("paper", id=SOURDOUGH.arxiv_id)
    page.at.checkbox(key=f"read-{SOURDOUGH.arxiv_id}").check()
    page.run()
    page.at.text_input(key=f"tags-{SOURDOUGH.arxiv_id}").set_value("bread, sound")
    page.run()
    kept = page.assistant.library.collections
    assert kept.marks([SOURDOUGH.arxiv_id]) == {
        SOURDOUGH.arxiv_id: Mark(("bread", "sound"), "", is_read=True)
    }
    page.open("library")
    page.at.selectbox(key="tag").set_value("bread")
    page.run()
    assert titles(page) == [SOURDOUGH.title]
    assert "#bread" in page.text
    kept.mark(SOURDOUGH.arxiv_id, Mark())


def test_what_is_unread_is_listed_and_searched(page: Page) -> None:
    kept = page.assistant.library.collections
    kept.mark(PONDS.arxiv_id, Mark(is_read=True))
    page.open("library", category="physics.geo-ph", order="by_title")
    everything = titles(page)
    page.at.selectbox(key="reading").set_value("unread")
    page.run()
    assert len(titles(page)) == 20
    assert set(everything) - set(titles(page)) <= {PONDS.title}
    page.at.text_input(key="query").set_value("the lunar tide of a garden pond")
    page.run()
    assert PONDS.title not in titles(page)
    page.at.selectbox(key="reading").set_value("is_read")
    page.run()
    assert titles(page) == [PONDS.title]
    page.at.text_input(key="query").set_value("")
    page.run()
    assert titles(page) == [PONDS.title]
    kept.mark(PONDS.arxiv_id, Mark())
    page.run()
    assert "0 papers" in page.text


def test_another_order_or_filter_begins_at_the_first_page(page: Page) -> None:
    page.open("library", page_of_list="2")
    assert len(titles(page)) < 20
    page.at.selectbox(key="order").set_value("by_title")
    page.run()
    assert "page_of_list" not in page.at.query_params
    assert titles(page)[0] == LIGHTHOUSE.title
    page.open("library", page_of_list="2")
    page.at.text_input(key="category").set_value("physics.geo-ph")
    page.run()
    assert "page_of_list" not in page.at.query_params


def test_a_paper_at_a_glance(page: Page, tmp_path: Path) -> None:
    added = page.assistant.add(str(write_pdf(tmp_path)))
    assert added.paper
    page.open("paper", id=added.paper.arxiv_id)
    page.press("Sum up")
    job = program.jobs().get(f"summary-{added.paper.arxiv_id}")
    assert job is not None
    assert job.wait(60)
    page.run()
    assert all(f"**{part}**" in page.text for part in ("Problem", "Method", "Results", "Limits"))
    similar = [b for b in page.at.button if str(b.key).startswith("similar-")]
    assert len(similar) == 5


def test_a_summary_is_in_the_language_of_the_page(page_of: Callable[..., Page]) -> None:
    told: list[str] = []

    def answer(messages: Sequence[Message]) -> object:
        asked = messages[-1][1]
        if "译成中文" in messages[0][1]:
            told.append(asked)
            return "池塘的潮汐为 31 nanometres。"
        assert "译" not in messages[0][1], "the four questions need no translation"
        return "The lunar tide of the pond is 31 nanometres."

    page = page_of(answer)
    save_settings(page.assistant.settings.home, {"page.language": "zh"})
    page.open("paper", id=PONDS.arxiv_id).press("概述")
    job = program.jobs().get(f"summary-{PONDS.arxiv_id}")
    assert job is not None
    assert job.wait(60)
    page.run()
    assert all(f"**{part}**" in page.text for part in ("问题", "方法", "结果", "局限"))
    assert "池塘的潮汐为 31 nanometres" in page.text
    assert "The lunar tide of the pond is 31 nanometres." in page.text, "quotes stay as they are"
    assert told


def test_the_list_is_as_it_was_on_the_way_back_in_any_language(page: Page) -> None:
    page.open("library", order="by_title", category="physics.geo-ph")
    before = titles(page)
    page.open("paper", id=PONDS.arxiv_id)
    page.open("library", id=PONDS.arxiv_id)  # the address that Streamlit leaves behind on this way
    assert titles(page) == before
    assert page.at.query_params["order"] in ("by_title", ["by_title"])
    assert "id" not in page.at.query_params


def test_an_address_that_says_nonsense_shows_the_list(page: Page) -> None:
    page.open("library", order="sideways", years="x..y", page_of_list="-3", section="attic")
    assert len(titles(page)) == 20
