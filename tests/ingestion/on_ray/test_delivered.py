"""Vectors and keywords that arrive from workers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingestion.embedding import HashingEmbedder
from ingestion.on_ray.delivered import Delivered
from ingestion.on_ray.stages import Found
from ingestion.paper import Paper
from ingestion.sources.metadata_files import Reject
from tests.papers import PAPERS, PONDS, numbered

pytestmark = pytest.mark.long


def found(paper: Paper, line: int = 1, *, vector: bool = True) -> Found:
    made = HashingEmbedder(16).encode([paper.text])[0] * 7 if vector else None
    return Found("a.jsonl", line, replace(paper, keywords=("tide",)), vector=made)


def test_what_arrived_is_taken_and_the_rest_made_here() -> None:
    delivered = Delivered(HashingEmbedder(16))
    list(delivered.papers([found(PAPERS[0]), found(PAPERS[1], vector=False)]))
    vectors = delivered.encode([paper.text for paper in PAPERS])
    assert np.linalg.norm(vectors, axis=1).round(3).tolist() == [7, 1, 1]


def test_keywords_that_arrived_are_taken() -> None:
    delivered = Delivered(HashingEmbedder(16))
    list(delivered.papers([found(PAPERS[0])]))
    assert delivered.keywords(PAPERS[0]) == ("tide",)
    assert len(delivered.keywords(PONDS)) > 1


def test_the_same_paper_again_is_a_reject_as_in_the_plain_way() -> None:
    given = [found(PONDS), found(PONDS, 2), found(replace(PONDS, version=2), 3)]
    judged = list(Delivered(HashingEmbedder(16)).papers(given))
    assert isinstance(judged[1], Reject)
    assert (judged[1].path, judged[1].line) == ("a.jsonl", 2)
    assert [type(each) for each in judged] == [Paper, Reject, Paper]


def test_what_nobody_asks_for_is_let_go() -> None:
    delivered = Delivered(HashingEmbedder(16))
    many = [found(paper) for paper in numbered(5000)]
    list(delivered.papers(many))
    first, last = delivered.encode([many[0].item.text, many[-1].item.text])  # type: ignore[union-attr]
    assert np.linalg.norm(first).round(3) == 1  # made here anew
    assert np.linalg.norm(last).round(3) == 7


def test_a_path_is_kept_as_it_is_named() -> None:
    fault = Reject("s3://bucket/a.jsonl", 1, "not JSON", "{")
    (judged,) = Delivered(HashingEmbedder(16)).papers([Found(fault.path, 1, fault)])
    assert judged == fault
    assert Path("a") != judged
