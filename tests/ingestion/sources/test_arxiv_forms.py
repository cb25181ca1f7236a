"""A paper's file in the best form that the server that plays arXiv has."""

import gzip
import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from ingestion.errors import ArxivUnavailable, PaperNotFound, PdfError
from ingestion.fulltext import read_document
from ingestion.settings import ArxivSettings, PdfSettings
from ingestion.sources import arxiv_forms
from ingestion.sources.arxiv_connection import ArxivConnection
from ingestion.sources.arxiv_forms import fetch_best
from tests.fake_arxiv import FakeArxiv, pdf_of
from tests.papers import SOURDOUGH

SENTENCE = b"The bubbles burst 5.2 hours after feeding. "
WHOLE = 12  # sentences of a text that is not held against other forms, in these tests


def html(sentences: int = WHOLE) -> bytes:
    return (
        b'<!DOCTYPE html><html><body><article class="ltx_document"><h1 class="ltx_title '
        b'ltx_title_document">Bubbles</h1><p class="ltx_p">' + SENTENCE * sentences + b"</p>"
        b"</article></body></html>"
    )


def tex(sentences: int = WHOLE) -> bytes:
    return rb"\documentclass{article}\begin{document}" + SENTENCE * sentences + rb"\end{document}"


HTML, TEX = html(), tex()
NAME = "2711.00001v2"


class Fetch(Protocol):
    """Fetches the paper where arXiv has these files: the name of what is kept, and what was asked."""

    def __call__(
        self, html: bytes = b"", source: bytes = b"", pdf: bytes = b""
    ) -> tuple[str, list[str]]: ...


def packed(name: str = "main.tex", content: bytes = TEX, **changed: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        for key, value in changed.items():
            setattr(member, key, value)
        archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def fetched(arxiv: FakeArxiv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    monkeypatch.setattr(arxiv_forms, "_WHOLE_CHARACTERS", WHOLE * len(SENTENCE) - 10)
    settings = ArxivSettings(delay_s=0, timeout_s=1, max_tries=1, pdf_url=arxiv.pdf_url)
    connection = ArxivConnection(settings, tmp_path / "cache", lambda seconds, reason: None)

    def fetch(html: bytes = b"", source: bytes = b"", pdf: bytes = b"") -> tuple[str, list[str]]:
        arxiv.papers[0] = replace(arxiv.papers[0], html=html, source=source, pdf=pdf)
        assets = tmp_path / "assets"
        limits = PdfSettings()
        file = fetch_best(
            SOURDOUGH, assets, connection, lambda path: read_document(path, limits), max_mb=5
        )
        assert [each for each in assets.iterdir() if each.suffix != ".pdf"] in ([], [file])
        assert file.exists()
        assert "5.2 hours after feeding" in read_document(file, limits).text
        return file.name, [path for _, path in arxiv.requests]

    return fetch


def test_html_is_taken_where_arxiv_has_it(fetched: Fetch) -> None:
    assert fetched(HTML, packed()) == (f"{NAME}.html", [f"/html/{NAME}"])


@pytest.mark.long
def test_html_that_ends_in_the_middle_of_the_paper_gives_way_to_a_form_that_does_not(
    fetched: Fetch,
) -> None:
    asked = [f"/html/{NAME}", f"/src/{NAME}"]
    assert fetched(html(2), packed()) == (f"{NAME}.tar.gz", asked)


@pytest.mark.long
def test_where_the_source_ends_early_too_the_pdf_is_read(
    fetched: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    name, asked = fetched(html(2), packed(content=tex(1)), pdf_of([SENTENCE.decode() * WHOLE]))
    assert (name, len(asked)) == (f"{NAME}.pdf", 3)
    assert f"{NAME}.html holds" in caplog.text


def test_a_short_paper_is_read_in_its_best_form(fetched: Fetch, arxiv: FakeArxiv) -> None:
    note = pdf_of([SENTENCE.decode() * 3])
    assert fetched(html(2), b"", note)[0] == f"{NAME}.html"


def test_short_html_is_better_than_a_pdf_that_arxiv_has_not(
    fetched: Fetch, arxiv: FakeArxiv
) -> None:
    arxiv.faults = ["ok", "ok", "html"]
    assert fetched(html(2))[0] == f"{NAME}.html"


@pytest.mark.parametrize(
    "html",
    [
        b"",
        b"<html><body>No HTML for this paper, status 200</body></html>",
        HTML[:-20],
        b"%PDF-1.4",
        b"\x00\x01 nothing",
        b'<html><body><article class="ltx_document">'
        + b"<div>" * 5000
        + b"</article></body></html>",
    ],
    ids=["missing", "page of another kind", "cut off", "a PDF", "bytes", "nested without end"],
)
@pytest.mark.long
def test_the_source_stands_in_for_html_that_is_none(html: bytes, fetched: Fetch) -> None:
    assert fetched(html, packed()) == (f"{NAME}.tar.gz", [f"/html/{NAME}", f"/src/{NAME}"])


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"<html>not found, status 200</html>",
        b"%PDF-1.4 the authors gave no source",
        packed()[:-30],
        packed("../../outside.tex"),
        packed("main.tex", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        gzip.compress(rb"\documentclass{article}\begin{document}\input{/etc/passwd}\end{document}"),
        gzip.compress(b"%PDF-1.4 " + b"x" * 100),
    ],
    ids=[
        "missing",
        "HTML",
        "a PDF",
        "cut off",
        "leads outside",
        "a link",
        "an inclusion",
        "a packed PDF",
    ],
)
@pytest.mark.long
def test_the_pdf_stands_in_for_a_source_that_is_none(source: bytes, fetched: Fetch) -> None:
    name, asked = fetched(b"", source)
    assert (name, len(asked)) == (f"{NAME}.pdf", 3)


def test_a_source_of_one_file_and_one_that_came_unpacked_are_read(fetched: Fetch) -> None:
    assert fetched(b"", gzip.compress(TEX))[0] == f"{NAME}.tar.gz"


@pytest.mark.long
def test_an_unpacked_tar_is_a_source(fetched: Fetch) -> None:
    assert fetched(b"", gzip.decompress(packed()))[0] == f"{NAME}.tar.gz"


def test_a_refusal_ends_it_and_is_not_taken_for_a_missing_form(
    arxiv: FakeArxiv,
    fetched: Fetch,
) -> None:
    arxiv.faults = ["429"]
    with pytest.raises(ArxivUnavailable):
        fetched(HTML)
    assert len(arxiv.requests) == 1


def test_where_nothing_is_left_the_pdf_says_why(arxiv: FakeArxiv, fetched: Fetch) -> None:
    arxiv.faults = ["ok", "ok", "html"]
    with pytest.raises((PdfError, PaperNotFound)):
        fetched()
