import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("pytrec_eval", reason="needs the bench extra")

from bench import review
from bench.review import Topic
from ingestion.embedding import HashingEmbedder
from ingestion.paper import Paper
from ingestion.pipeline import ingest
from ingestion.store.collection import Store
from tests.papers import PAPERS, PONDS


def line(id_: str, *cited: tuple[str, str, str]) -> str:
    keys = ("arxiv_id", "title", "abstract")
    citations = [dict(zip(keys, one, strict=True)) for one in cited]
    return json.dumps(
        {"arxiv_id": id_, "title": "A\n topic", "abstract": "Of it.", "citations": citations}
    )


def test_topics_cite_what_has_an_abstract(tmp_path: Path) -> None:
    file = tmp_path / "topics.jsonl"
    cited = (("2401.1", "One", "a"), ("", "Two", "b"), ("2401.3", "Three", ""))
    file.write_text(line("2501.00001v2", *cited) + "\n" + line("2501.2") + "\n")
    topics, papers = review.read_topics(file)
    assert topics == [Topic("2501.00001", "A topic\nOf it.", frozenset({"2401.1", "cited/Two"}))]
    assert [paper.title for paper in papers] == ["One", "Two"]


def test_the_way_chosen_on_odd_ids_is_told_on_even_ones() -> None:
    pairs = [(0.5, 0.1), (1.0, 0.3)]
    found = {name: [(0.0, 0.0)] * 2 for name in review.SYSTEMS}
    found |= {"hybrid": [(0.9, 0.0), (0.2, 0.0)], "review": pairs}
    told = review.figures(found, ["2501.00001", "2501.00002"])
    assert (told["n"], told["recall"], told["precision"]) == (2, 0.75, 0.2)
    assert told["dense"] == {"recall": 0.0, "precision": 0.0}
    assert told["best on odd ids"] == "hybrid"
    assert told["recall, even ids"]["review"] == 1.0
    assert told["recall, even ids, review minus hybrid"]["mean"] == 0.8
    assert "whole and sentences" in review.table(told)


def test_a_paper_high_in_several_rankings_leads() -> None:
    assert review.fused_ranks([["a", "b"], ["c", "b"]])[0] == "b"
    assert review.fused_ranks([["a", "b", "c"], ["d", "b"]]) == ["b", "a", "d", "c"]


def test_json_is_all_that_standard_output_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(
        topics: Sequence[Topic], papers: Iterable[Paper], say: Callable[[str], None]
    ) -> dict[str, Any]:
        say("embedding")
        return {"n": len(topics)}

    monkeypatch.setattr(review, "measure", measure)
    file = tmp_path / "topics.jsonl"
    file.write_text(line("1", ("2", "b", "c")) + "\n" + line("3", ("2", "b", "c")))
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(json.dumps({"id": "9", "title": "t", "abstract": "a"}))
    options = ["--data", str(file), "--corpus", str(corpus), "--limit", "1", "--json"]
    assert review.main(options) == 0
    assert json.loads(capsys.readouterr().out) == {"n": 1}


@pytest.mark.parametrize("text", ["[]", '{"title": 1}', "{broken"])
def test_what_cannot_be_read_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "topics.jsonl"
    file.write_text(text)
    assert review.main(["--data", str(file)]) == 2
    assert "cannot read" in capsys.readouterr().err


@pytest.mark.long
def test_every_system_ranks_papers(store: Store, embedder: HashingEmbedder, home: Path) -> None:
    ingest(PAPERS, store, embedder, home, source="invented")
    topic = Topic("2501.1", f"{PONDS.title}\n{PONDS.abstract}", frozenset({PONDS.arxiv_id}))
    library: Any = SimpleNamespace(store=store, embedder=embedder)
    rankings = review.ranked(topic, library)
    assert set(rankings) == set(review.SYSTEMS)
    assert all(ranking[0] == PONDS.arxiv_id for ranking in rankings.values())
