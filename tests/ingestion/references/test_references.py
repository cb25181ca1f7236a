"""Lists of references: kept, resolved, looked up from the other side, named by their marks, drawn."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from ingestion.document import Block, CitationMark, Document, Form, Reference
from ingestion.errors import PdfError
from ingestion.library import Library
from ingestion.references import looking
from ingestion.references.entries import entries_of
from ingestion.references.index import ReferenceIndex, title_key
from ingestion.references.looking import Citations
from ingestion.references.marks import marks_in, named_in
from ingestion.references.picture import MOST_A_SIDE, Node, neighbourhood_of, neighbourhood_svg
from tests.papers import LIGHTHOUSE, PONDS, SOURDOUGH

SENTENCE = "The tide of a pond was measured [2], and hoses knot [1, 3-4]."
ENTRIES = (
    Reference("1", "1", LIGHTHOUSE.title, ("C. Example",), 2027),
    Reference("2", "2", "Another title for it", ("A. Example",), 2027, PONDS.arxiv_id),
    Reference("3", "3", "A work that nobody has", ("Ada Vance",), 1999, doi="10.1000/vance"),
    Reference("4", "4"),
)


def document(
    form: Form = "pdf", text: str = SENTENCE, marks: tuple[CitationMark, ...] = ()
) -> Document:
    blocks, whole = [Block("text", 0, len(text))], text
    for reference in ENTRIES:
        printed = f"[{reference.label}] {reference.title} {reference.year}"
        start = len(whole) + 1
        whole += f"\n{printed}"
        blocks.append(Block("reference", start, len(whole), content=reference))
    return Document(form, whole, tuple(blocks), marks=marks)


@pytest.fixture
def citations(filled: Library, monkeypatch: pytest.MonkeyPatch) -> Citations:
    """The library, which has a full text of the sourdough paper that cites as `ENTRIES` say."""
    filled.settings.assets.mkdir(parents=True)
    (filled.settings.assets / f"{SOURDOUGH.arxiv_id}.pdf").write_bytes(b"%PDF-")
    monkeypatch.setattr(looking, "document_of", lambda file, library: document())
    return Citations(filled)


def test_a_list_is_read_once_and_its_works_are_found_in_the_library(
    citations: Citations, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = citations.references(SOURDOUGH)
    assert found is not None
    cited = citations.resolved(found.entries)
    assert [each.paper.arxiv_id if each.paper else "" for each in cited] == [
        LIGHTHOUSE.arxiv_id,  # by its title
        PONDS.arxiv_id,  # by its id, whatever it is called
        "",
        "",
    ]
    assert cited[2].title == "A work that nobody has"
    assert cited[3].title.startswith("[4]")
    monkeypatch.setattr(looking, "document_of", lambda file, library: pytest.fail("read again"))
    assert citations.references(SOURDOUGH) == found


def test_who_cites_a_paper_is_known_by_id_title_and_doi(citations: Citations) -> None:
    for cited in (PONDS, LIGHTHOUSE):
        found, unread = citations.citing(cited)
        assert ([paper.arxiv_id for paper in found], unread) == ([SOURDOUGH.arxiv_id], [])
    assert citations.citing(SOURDOUGH) == ([], [])


def test_a_text_that_cannot_be_read_is_said(
    citations: Citations, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(file: Path, library: Library) -> Document:
        raise PdfError("it is locked")

    monkeypatch.setattr(looking, "document_of", fails)
    found, unread = citations.citing(PONDS)
    assert found == []
    assert unread == [f"{SOURDOUGH.arxiv_id}: it is locked."]


def test_a_mark_in_a_quote_names_the_paper_it_means(citations: Citations) -> None:
    assert citations.named_in(SENTENCE, SOURDOUGH) == []  # its list was not read
    citations.references(SOURDOUGH)
    ((first, one), (second, several)) = citations.named_in(SENTENCE, SOURDOUGH)
    assert (first, [each.title for each in one]) == ("[2]", [PONDS.title])
    assert second == "[1, 3-4]"
    assert [each.title for each in several][:2] == [LIGHTHOUSE.title, "A work that nobody has"]
    assert citations.named_in("No mark, and [17] that is none.", SOURDOUGH) == []


def test_deleting_a_paper_forgets_its_list(citations: Citations, filled: Library) -> None:
    citations.references(SOURDOUGH)
    filled.delete(SOURDOUGH.arxiv_id)
    assert citations.index.list_of(SOURDOUGH.arxiv_id) is None
    assert citations.citing(PONDS) == ([], [])


def test_looking_makes_no_file(tmp_path: Path) -> None:
    index = ReferenceIndex(tmp_path)
    assert index.list_of("2711.00001") is None
    assert index.citing(PONDS) == []
    assert list(tmp_path.iterdir()) == []


def test_marks_are_those_that_the_source_marks() -> None:
    text = "As Vance (1999) shows, ponds have tides."
    marked = (CitationMark(3, 15, ("3", "gone")), CitationMark(16, 21, ("gone",)))
    read = document("latex", text, marked)
    assert marks_in(read, entries_of(read)) == {"Vance (1999)": ("3",)}


def test_a_pdf_is_read_for_names_and_years_too() -> None:
    text = (
        "Ponds have tides (Vance, 1999), as Vance et al. (1999) say; Example (2027) is two works."
    )
    read = document(text=text)
    found = marks_in(read, entries_of(read))
    assert set(found.values()) == {("3",)}
    assert named_in(text, found)[0][1] == ("3",)


def test_what_a_page_end_cuts_in_two_is_one_entry_again() -> None:
    printed = [
        "[1] Ada Vance. A work that a page",
        "cuts in two. 1999.",
        "[2] Bo Lee. Another work. 2001.",
    ]
    text, blocks = "", []
    for number, piece in enumerate(printed):
        label = piece[1] if piece.startswith("[") else ""
        start = len(text)
        text += piece
        blocks.append(
            Block("reference", start, len(text), content=Reference(label, label, f"title {number}"))
        )
    first, second = entries_of(Document("pdf", text, tuple(blocks)))
    assert first.text == "[1] Ada Vance. A work that a page cuts in two. 1999."
    assert (first.reference.key, first.reference.year) == ("1", 1999)
    assert second.reference.title == "title 2"


def test_entries_without_a_number_have_keys_and_are_cited_by_name() -> None:
    text = "Ponds have tides (Vance, 1999)."
    one = Reference("", "", "A work", ("Ada Vance",), 1999)
    whole = f"{text} Ada Vance. A work. 1999."
    read = Document(
        "pdf",
        whole,
        (Block("text", 0, len(text)), Block("reference", len(text) + 1, len(whole), content=one)),
    )
    (entry,) = entries_of(read)
    assert marks_in(read, [entry]) == {"Vance, 1999": (entry.reference.key,)}


def test_the_longest_of_marks_within_one_another_counts() -> None:
    marks = {"[1]": ("a",), "[[1], [2]]": ("a", "b")}
    assert named_in("see [[1], [2]] and [1]", marks)[0] == ("[[1], [2]]", ("a", "b"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Knots in Garden-Hoses", "knots in garden hoses.", True),
        ("Introduction", "introduction", True),
        ("Notes", "notes", False),  # too short to name a work
    ],
)
def test_titles_meet_whatever_their_spelling(one: str, other: str, same: bool) -> None:
    assert (title_key(one) == title_key(other) != "") is same


def test_the_picture_is_svg_whose_titles_are_text(citations: Citations) -> None:
    found = citations.references(SOURDOUGH)
    assert found is not None
    picture = neighbourhood_of(SOURDOUGH, [LIGHTHOUSE], citations.resolved(found.entries))
    drawn = ElementTree.fromstring(picture)
    assert drawn.tag.endswith("svg")
    evil = Node("<script>alert(1)</script>", "&", in_library=False)
    drawn = ElementTree.fromstring(neighbourhood_svg(evil, [evil] * 40, []))
    assert not any(each.tag.endswith("script") for each in drawn.iter())
    assert len([each for each in drawn.iter() if each.tag.endswith("rect")]) == MOST_A_SIDE + 1
    assert "and 28 more cite it" in "".join(drawn.itertext())
