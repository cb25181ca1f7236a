"""The full texts of papers: read once, and the cache that makes a second question quick."""

from pathlib import Path

import pytest

from ingestion.errors import PdfError
from ingestion.settings import PdfSettings
from rag_agent.grounding.full_text import FullText
from rag_agent.grounding.open_paper import OpenPaper
from tests.ingestion.small_pdf import paragraph, write_pdf
from tests.rag_agent.grounding.conftest import PAPER, WordEmbedder


def test_reading_is_reported(full_text: FullText, pdf: Path) -> None:
    told: list[tuple[int, int]] = []
    full_text.open(PAPER, pdf, lambda page, pages: told.append((page, pages)))
    assert told[-1] == (1, 1)


def test_a_second_program_reads_the_cache_and_embeds_nothing(
    opened: OpenPaper, word_embedder: WordEmbedder, pdf: Path, tmp_path: Path
) -> None:
    before = word_embedder.texts
    again = FullText(PdfSettings(), word_embedder, tmp_path / "cache").open(PAPER, pdf)  # type: ignore[arg-type]
    assert word_embedder.texts == before
    assert again.text == opened.text
    assert again.best_passages("birds")[0].passage == opened.best_passages("birds")[0].passage


def test_a_changed_file_is_read_again(full_text: FullText, opened: OpenPaper, pdf: Path) -> None:
    write_pdf(
        pdf, [paragraph("Quite another text stands here now, and it is about cats. " * 3, 100)]
    )
    assert "cats" in full_text.open(PAPER, pdf).text.text
    assert "cats" not in opened.text.text


def test_a_damaged_cache_is_read_again_and_said_so(
    opened: OpenPaper,
    word_embedder: WordEmbedder,
    pdf: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (stored,) = (tmp_path / "cache").glob("*.npz")
    stored.write_bytes(stored.read_bytes()[:100])
    again = FullText(PdfSettings(), word_embedder, tmp_path / "cache").open(PAPER, pdf)  # type: ignore[arg-type]
    assert again.text == opened.text
    assert "the PDF is read again" in caplog.text


def test_the_cache_keeps_to_its_size_and_leaves_no_parts(
    word_embedder: WordEmbedder, pdf: Path, tmp_path: Path
) -> None:
    full_text = FullText(PdfSettings(cache_mb=0), word_embedder, tmp_path / "cache")  # type: ignore[arg-type]
    assert full_text.open(PAPER, pdf).best_passages("birds")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_without_text_is_an_error_and_leaves_nothing(
    full_text: FullText, tmp_path: Path
) -> None:
    with pytest.raises(PdfError):
        full_text.open(PAPER, tmp_path / "absent.pdf")
    assert not (tmp_path / "cache").exists()
