"""A paper's full text on its page: searched, marked, gone to, asked about."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fake_arxiv import pdf_of
from tests.papers import PONDS, SOURDOUGH
from tests.ui.conftest import Page
from tests.ui.scripted import FULL_TEXT, write_pdf

pytestmark = pytest.mark.long


@pytest.fixture
def kettles(page: Page, tmp_path: Path) -> str:
    """Id of a paper whose PDF is at hand."""
    added = page.assistant.add(str(write_pdf(tmp_path)))
    assert added.paper is not None
    return added.paper.arxiv_id


def viewer(page: Page) -> dict[str, Any]:
    """What the viewer is given."""
    (element,) = page.at.get("bidi_component")
    given: dict[str, Any] = json.loads(element.proto.json)
    return given


def look_for(page: Page, paper: str, words: str) -> Page:
    page.at.text_input(key=f"find-{paper}").set_value(words)
    return page.run()


def test_pages_are_shown_before_their_text_is_read(page: Page, kettles: str) -> None:
    page.open("paper", id=kettles)
    given = viewer(page)
    assert given["sizes"] == [[595, 842]]
    assert given["marks"] == []
    assert "Select text to ask about it" in page.text
    assert not (page.assistant.settings.home / "texts").exists()


def test_hits_are_counted_marked_and_gone_through(page: Page, kettles: str) -> None:
    page.open("paper", id=kettles)
    look_for(page, kettles, "kettle whistle")
    said = "\n".join(FULL_TEXT).lower()
    many = said.count("kettle whistle")
    assert many > 2
    assert f"1 of {many}" in page.text
    first = viewer(page)
    assert sorted(mark["kind"] for mark in first["marks"]) == ["current"] + ["hit"] * (many - 1)
    assert all(mark["page"] == 1 and mark["boxes"] for mark in first["marks"])
    page.press("Next")
    assert f"2 of {many}" in page.text
    second = viewer(page)
    assert second["at"]["boxes"] != first["at"]["boxes"]
    assert second["at"]["step"] > first["at"]["step"]
    page.press("Previous").press("Previous")
    assert f"{many} of {many}" in page.text, "before the first comes the last"
    look_for(page, kettles, "zeppelin")
    assert "Not found" in page.text
    assert viewer(page)["marks"] == []


def test_the_sentence_found_is_asked_about(page: Page, kettles: str) -> None:
    page.open("paper", id=kettles)
    look_for(page, kettles, "440 HERTZ").press("Ask about the sentence found")
    sentence = "The deeper chamber of the kettle whistle sounds at 440 hertz when the water boils."
    assert f"“{sentence}”" in page.text
    assert page.at.query_params["paper"] in (kettles, [kettles])


def test_a_quote_in_the_address_is_marked_on_its_page(page: Page, kettles: str) -> None:
    page.open("paper", id=kettles, passage="pdf.0.1.0-12")
    given = viewer(page)
    assert [mark["kind"] for mark in given["marks"]] == ["quote"]
    assert given["marks"][0]["boxes"] == given["at"]["boxes"] != []


@pytest.mark.parametrize("passage", ["pdf.0.99.0-12", "html.0.0.0-9", "nonsense"])
def test_a_passage_that_is_not_there_marks_nothing(page: Page, kettles: str, passage: str) -> None:
    page.open("paper", id=kettles, passage=passage)
    assert not any(mark.get("boxes") for mark in viewer(page)["marks"])
    assert ("another version" in page.text) == passage.startswith("html")


def test_a_paper_without_pages_is_read_as_text(page: Page) -> None:
    page.assistant.settings.assets.mkdir(parents=True, exist_ok=True)
    file = page.assistant.settings.assets / f"{PONDS.arxiv_id}v1.md"
    file.write_text("# Tide tables\n\nA pond <b>has</b> tides.\n\nThe pond is deep.\n")
    page.open("paper", id=PONDS.arxiv_id)
    look_for(page, PONDS.arxiv_id, "pond")
    given = viewer(page)
    assert given["sizes"] == []
    assert "1 of 2" in page.text
    text = page.assistant.full_text.text(*page.assistant.file_to_show(PONDS.arxiv_id)).text
    assert {text[mark["start"] : mark["end"]] for mark in given["marks"]} == {"pond"}
    file.unlink()


def test_a_scan_has_pages_and_says_why_nothing_is_found_in_it(page: Page) -> None:
    page.assistant.settings.assets.mkdir(parents=True, exist_ok=True)
    file = page.assistant.settings.assets / f"{PONDS.arxiv_id}v1.pdf"
    file.write_bytes(pdf_of(["x"]))
    page.open("paper", id=PONDS.arxiv_id)
    look_for(page, PONDS.arxiv_id, "pond")
    assert "it is a scan" in page.text
    assert "Not found" not in page.text
    assert viewer(page)["sizes"] == [[595, 842]]
    file.unlink()


def test_a_paper_without_its_text_says_so_and_how_to_get_it(page: Page) -> None:
    page.open("paper", id=SOURDOUGH.arxiv_id)
    assert "is not at hand" in page.text
    assert "Get the full text" in page.buttons
    assert page.at.get("bidi_component") == []
