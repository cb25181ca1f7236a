import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ingestion
from ingestion.paper import parse_arxiv_id

Record = dict[str, Any]

STARTER = Path(ingestion.__file__).parent / "sources" / "starter.jsonl"
PAPERS: list[Record] = [json.loads(line) for line in STARTER.read_text("utf-8").splitlines()]

FIELDS = {"id", "title", "authors", "authors_truncated", "year", "categories", "summary"}
CATEGORY = re.compile(r"[a-z]+(-[a-z]+)?(\.[A-Z]{2}|\.[a-z]+(-[a-z]+)?)?")
SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'])")
# What is quoted as evidence stands alone, so no sentence opens with a word that points back.
POINTS_BACK = {"It", "Its", "They", "Their", "This", "That", "These", "Those", "He", "She"}


def failing(holds: Callable[[Record], bool]) -> list[str]:
    return [paper["id"] for paper in PAPERS if not holds(paper)]


def sentences(paper: Record) -> list[str]:
    return SENTENCE_BREAK.split(paper["summary"])


def summary_of(arxiv_id: str) -> str:
    (paper,) = (paper for paper in PAPERS if paper["id"] == arxiv_id)
    return str(paper["summary"])


def test_the_library_starts_with_150_papers_or_more() -> None:
    assert len(PAPERS) >= 150


def test_no_paper_comes_twice() -> None:
    assert len({paper["id"] for paper in PAPERS}) == len(PAPERS)
    assert len({paper["title"].casefold() for paper in PAPERS}) == len(PAPERS)


def test_at_least_eight_fields_of_arxiv_are_covered() -> None:
    assert len({paper["categories"][0].partition(".")[0] for paper in PAPERS}) >= 8


def test_every_paper_has_exactly_the_expected_fields() -> None:
    assert failing(lambda paper: set(paper) == FIELDS) == []
    assert failing(lambda paper: isinstance(paper["authors_truncated"], bool)) == []


def test_one_to_five_authors_are_named() -> None:
    assert (
        failing(lambda paper: 1 <= len(set(paper["authors"])) == len(paper["authors"]) <= 5) == []
    )
    assert failing(lambda paper: all(name == name.strip() != "" for name in paper["authors"])) == []


def test_ids_are_arxivs_without_version_and_the_year_follows_from_them() -> None:
    for paper in PAPERS:
        parsed = parse_arxiv_id(paper["id"])
        assert (parsed.id, parsed.version, parsed.year) == (paper["id"], None, paper["year"])


def test_ids_have_the_form_in_use_in_their_month() -> None:
    # https://info.arxiv.org/help/arxiv_identifier.html: archive/YYMMNNN until 2007-03, then
    # YYMM.NNNN, and five digits since 2015-01.
    for paper in PAPERS:
        parsed = parse_arxiv_id(paper["id"])
        month = (parsed.year, parsed.month)
        number = r"\d{5}" if month >= (2015, 1) else r"\d{4}"
        form = rf"\d{{4}}\.{number}" if month >= (2007, 4) else r"[a-z-]+/\d{7}"
        assert re.fullmatch(form, parsed.id)


def test_categories_have_arxivs_form() -> None:
    assert failing(lambda paper: bool(paper["categories"])) == []
    assert failing(lambda paper: all(map(CATEGORY.fullmatch, paper["categories"]))) == []


def test_summaries_have_three_to_five_sentences_and_60_to_130_words() -> None:
    assert failing(lambda paper: 3 <= len(sentences(paper)) <= 5) == []
    assert failing(lambda paper: 60 <= len(paper["summary"].split()) <= 130) == []
    assert failing(lambda paper: paper["summary"].endswith(".")) == []


def test_each_sentence_of_a_summary_stands_alone() -> None:
    assert failing(lambda paper: not {s.split()[0] for s in sentences(paper)} & POINTS_BACK) == []


def test_text_is_one_line_without_latex_or_control_characters() -> None:
    for paper in PAPERS:
        for text in (paper["title"], paper["summary"], *paper["authors"]):
            assert text.isprintable()
            assert not set(text) & set("\\${}")
            assert text == " ".join(text.split())
    assert failing(lambda paper: paper["summary"].isascii()) == []


def test_low_rank_adaptation_can_be_answered_from_its_summary() -> None:
    facts = ("frozen", "low-rank", "optimizer states", "10,000 times", "3 times less GPU memory")
    assert [fact for fact in facts if fact not in summary_of("2106.09685")] == []


def test_quantized_adaptation_can_be_answered_from_its_summary() -> None:
    facts = ("NF4", "double quantization", "paged optimizers", "65 billion", "48 GB")
    assert [fact for fact in facts if fact not in summary_of("2305.14314")] == []
