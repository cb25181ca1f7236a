"""Text out of PDFs that may be broken, locked, huge or hostile."""

import resource
import time
from pathlib import Path

import pytest

from ingestion.errors import PdfError
from ingestion.fulltext.pdf.document import document_of
from ingestion.fulltext.pdf_text import PdfText, read_pdf
from ingestion.settings import PdfSettings
from tests.ingestion.small_pdf import paragraph, write_bomb, write_pdf

BODY = (
    "The encoder maps an input sequence of symbols to a sequence of vectors of one length. "
    "We train it with the usual optimizer until the loss on held-out data stops to fall. "
    "All experiments ran on one machine."
)
PAPER = [
    [
        ("A Small Study of Everything", 150, 60, 18),
        ("Ada Author and Bob Builder", 180, 90, 12),
        ("University of Somewhere", 190, 106, 12),
        ("Abstract", 270, 140, 12),
        *paragraph(BODY, 160),
        ("1 Introduction", 100, 260, 12),
        *paragraph(BODY, 280),
    ],
    [("2 Method", 100, 80, 12), *paragraph(BODY, 100)],
]


@pytest.fixture
def paper(tmp_path: Path) -> PdfText:
    return read_pdf(write_pdf(tmp_path / "paper.pdf", PAPER), PdfSettings())


def test_title_authors_and_abstract_come_from_page_one(paper: PdfText) -> None:
    assert paper.title == "A Small Study of Everything"
    assert paper.authors == ("Ada Author", "Bob Builder")
    assert paper.abstract == BODY
    assert len(paper.pages) == 2
    assert paper.parser.startswith("pypdfium2 ")
    assert paper.notices == ()


def test_a_span_of_text_has_boxes_on_its_page(paper: PdfText) -> None:
    text = paper.pages[1].text
    page = document_of(paper.pages).pages[1]
    start = text.index("optimizer")
    (box,) = page.boxes_of(start, start + len("optimizer"))
    x0, y0, x1, y1 = box
    assert 100 < x0 < x1 < 600
    assert 100 < y0 < y1 < 140
    assert len(page.boxes_of(text.index("The encoder"), len(text))) == 3


def test_words_broken_at_a_line_end_are_joined_and_compounds_kept(tmp_path: Path) -> None:
    lines = [
        "This work is on sequence-to-sequence learning and on the represen-",
        "tation of words, and compares the state of the art in sequence-to-",
        "sequence learning on several of the usual benchmarks of the field.",
    ]
    placed = [(line, 100, 100 + 12 * i, 10) for i, line in enumerate(lines)]
    text = read_pdf(write_pdf(tmp_path / "a.pdf", [placed]), PdfSettings()).pages[0].text
    assert "the representation of words" in text
    assert "art in sequence-to-sequence learning" in text


def test_a_paper_without_an_abstract_begins_with_its_first_section(tmp_path: Path) -> None:
    placed = [("1 Water", 100, 80, 12), *paragraph("Roses are watered at dawn by hand. " * 4, 100)]
    read = read_pdf(write_pdf(tmp_path / "a.pdf", [placed]), PdfSettings())
    assert read.abstract == ""
    assert [block.kind for block in read.pages[0].blocks] == ["heading", "text"]


def test_an_author_s_initial_is_no_section(tmp_path: Path) -> None:
    placed = [
        ("A Small Study of Everything", 150, 60, 18),
        ("J. Builder", 250, 90, 10),
        *paragraph(BODY * 2, 140),
        ("I. Introduction", 250, 300, 10),
        *paragraph(BODY, 320),
    ]
    read = read_pdf(write_pdf(tmp_path / "a.pdf", [placed]), PdfSettings())
    assert read.authors == ("J. Builder",)
    assert read.abstract.startswith("The encoder maps")


def test_running_headers_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    pages = [
        [("Published somewhere in 2021", 100, 30, 8), *paragraph(BODY, 100), (str(n), 300, 780, 8)]
        for n in (1, 2, 3, 4)
    ]
    text = read_pdf(write_pdf(tmp_path / "a.pdf", pages), PdfSettings())
    assert all(page.text == BODY for page in text.pages)


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = paragraph("alpha " * 60, 100, x=60, width=40)
    right = paragraph("omega " * 60, 100, x=320, width=40)
    text = read_pdf(write_pdf(tmp_path / "a.pdf", [[*left, *right]]), PdfSettings()).pages[0].text
    assert text.rindex("alpha") < text.index("omega")


def test_a_raised_number_is_a_power(tmp_path: Path) -> None:
    page = [
        *paragraph(BODY, 60),
        ("costs O(n", 100, 200, 10),
        ("2", 143.5, 196, 6),
        (") steps", 147, 200, 10),
    ]
    assert "O(n^2)" in read_pdf(write_pdf(tmp_path / "a.pdf", [page]), PdfSettings()).pages[0].text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"<html>not found</html>", "is not a PDF"),
        (b"%PDF-1.7\n" + b"0" * 5000, "is cut off"),
        (b"%PDF-1.7\n" + b"0" * 5000 + b"\n%%EOF\n", "cannot be parsed"),
    ],
)
@pytest.mark.long
def test_a_broken_file_is_refused_with_its_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(content)
    with pytest.raises(PdfError, match=reason):
        read_pdf(path, PdfSettings())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PdfError, match="cannot be opened"):
        read_pdf(tmp_path / "absent.pdf", PdfSettings())


def test_pages_without_text_are_called_a_scan(tmp_path: Path) -> None:
    with pytest.raises(PdfError, match="it is a scan"):
        read_pdf(write_pdf(tmp_path / "scan.pdf", [[], []]), PdfSettings())


def test_a_locked_file_is_refused(tmp_path: Path) -> None:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=write_pdf(tmp_path / "open.pdf", PAPER))
    writer.encrypt("secret")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(PdfError, match="locked by a password"):
        read_pdf(tmp_path / "locked.pdf", PdfSettings())


def test_a_file_over_the_size_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    path.write_bytes(b"%PDF-1.7\n" + b"0" * 1_100_000)
    with pytest.raises(PdfError, match="more than the limit of 1 MB"):
        read_pdf(path, PdfSettings(max_mb=1))


def test_pages_over_the_limit_are_left_out_and_said_so(tmp_path: Path) -> None:
    text = read_pdf(
        write_pdf(tmp_path / "a.pdf", [paragraph(BODY, 100)] * 4), PdfSettings(max_pages=2)
    )
    assert len(text.pages) == 2
    assert "only pages 1 to 2 of 4" in text.notices[0]


def test_a_parser_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", PAPER)
    started = time.perf_counter()
    with pytest.raises(PdfError, match="takes longer than"):
        read_pdf(path, PdfSettings(timeout_s=0.02))
    assert time.perf_counter() - started < 5


@pytest.mark.long
def test_a_page_that_unpacks_beyond_the_memory_limit_is_told_as_that(tmp_path: Path) -> None:
    path = write_bomb(tmp_path / "bomb.pdf", megabytes=1500)
    with pytest.raises(PdfError, match=r"bomb\.pdf needs more than 1 GB of memory"):
        read_pdf(path, PdfSettings())


@pytest.mark.slow
def test_every_shared_paper_gives_text_within_the_limits(shared_data: Path) -> None:
    for path in sorted((shared_data / "pdfs" / "papers").glob("*.pdf")):
        text = read_pdf(path, PdfSettings())
        assert text.title, path.name
        assert len(text.abstract) > 300, path.name
        assert not any(
            mark in page.text for page in text.pages for mark in "\ufffe\ufffd\ufb01\x02"
        )


@pytest.mark.slow
def test_every_broken_file_gives_text_or_a_clear_reason(shared_data: Path) -> None:
    reasons = {"password": "locked", "scanned-no-text": "scan", "truncated-2309.01219": "cut off"}
    for path in sorted((shared_data / "pdfs" / "broken").glob("*.pdf")):
        started = time.perf_counter()
        if path.stem in reasons:
            with pytest.raises(PdfError, match=reasons[path.stem]):
                read_pdf(path, PdfSettings())
        else:
            assert read_pdf(path, PdfSettings()).pages[0].text
        assert time.perf_counter() - started < 30
    # ru_maxrss of ended children, kilobytes on Linux: all stayed within the 1 GB they are given
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1 << 20
