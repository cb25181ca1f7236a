import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bench.datasets import read_dataset, read_documents


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tiny"
    (made / "qrels").mkdir(parents=True)
    write_rows(made / "corpus.jsonl.gz", [{"_id": "MED-1", "title": "A  title", "text": "Text."}])
    write_rows(made / "queries.jsonl", [{"_id": "q1", "text": "what"}, {"_id": "q2", "text": "x"}])
    (made / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\tMED-1\t2\nq2\tMED-1\t0\n"
    )
    return made


def test_only_queries_with_a_relevant_document_are_kept(folder: Path) -> None:
    dataset = read_dataset(folder)
    assert dataset.name == "tiny"
    assert dataset.queries == {"q1": "what"}
    assert dataset.judgements == {"q1": {"MED-1": 2}}
    assert dataset.papers[0].text == "A title\nText."


def test_further_corpora_add_documents_but_replace_none(folder: Path, tmp_path: Path) -> None:
    arxiv = {"id": "2005.11401", "title": "RAG", "abstract": "Both.", "authors": ["P. Lewis"]}
    beir = {"_id": "MED-1", "title": "Another", "text": ""}
    more = [
        write_rows(tmp_path / "arxiv.jsonl.gz", [arxiv]),
        write_rows(tmp_path / "more.jsonl", [beir]),
    ]
    papers = read_dataset(folder, more).papers
    assert [(p.arxiv_id, p.title) for p in papers] == [("MED-1", "A title"), ("2005.11401", "RAG")]
    assert papers[1].authors == ("P. Lewis",)


def test_a_row_without_an_id_is_named_by_its_line(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "bad.jsonl", [{"_id": "1"}, {"title": "no id"}])
    with pytest.raises(ValueError, match="line 2"):
        list(read_documents(path))


def test_judgements_need_no_header(folder: Path) -> None:
    (folder / "qrels" / "test.tsv").write_text("q1\tMED-1\t1\n")
    assert read_dataset(folder).judgements == {"q1": {"MED-1": 1}}


def test_documents_may_come_by_further_corpora_alone(folder: Path, tmp_path: Path) -> None:
    (folder / "corpus.jsonl.gz").rename(tmp_path / "elsewhere.jsonl.gz")
    papers = read_dataset(folder, [tmp_path / "elsewhere.jsonl.gz"]).papers
    assert [paper.arxiv_id for paper in papers] == ["MED-1"]
    with pytest.raises(FileNotFoundError):
        read_dataset(folder)


def test_long_ids_are_shortened_alike_in_documents_and_judgements(folder: Path) -> None:
    ids = ["é" * 100 + end for end in "ab"]
    write_rows(folder / "corpus.jsonl.gz", [{"_id": each, "text": "Text."} for each in ids])
    (folder / "qrels" / "test.tsv").write_text(f"q1\t{ids[1]}\t1\n")
    dataset = read_dataset(folder)
    first, second = (paper.arxiv_id for paper in dataset.papers)
    assert first != second
    assert len(second.encode()) <= 128
    assert dataset.judgements == {"q1": {second: 1}}
