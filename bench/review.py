"""`python -m bench.review --data FILE`: does a review find the papers that its authors cited?

Each line of the file is a paper with what it cites: `arxiv_id`, `title`, `abstract`, `citations` (`title`,
`arxiv_id`, `abstract`), as DeepScholar-Bench gives them (Patel et al. 2025). Title and abstract are the topic;
the library holds every cited abstract of the file and the corpora; 30 papers are taken, the topic's own never.
The simpler ways stand beside the review's own; the best is chosen on topics with an odd id and told on the even ones.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import record
from bench.datasets import read_documents
from bench.library import TemporaryLibrary
from bench.scores import interval
from ingestion.paper import Paper
from rag_agent.retrieval import Retriever
from rag_agent.review.selection import aspects, select
from rag_agent.settings import Mode, RetrievalSettings

TAKEN = 30
CORPUS = Path(__file__).parents[2] / "shared/data/arxiv/dev-20k.jsonl.gz"
SYSTEMS = ("dense", "hybrid", "sentences", "whole and sentences", "review")
"""Ways to find the papers, the simplest first: the whole topic as one query, its sentences as several."""
_DEPTH = 100  # of each query whose rankings are fused
_RANK_CONSTANT = 60  # Cormack, Clarke and Büttcher 2009
Pair = tuple[float, float]
"""Recall and precision of one topic."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One paper as a topic: its id without version, title and abstract on two lines, what it cites."""

    id: str
    text: str
    cited: frozenset[str]


def read_topics(path: Path) -> tuple[list[Topic], list[Paper]]:
    """Topics with at least one cited abstract, and every cited paper that has one.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line is not what it should be.
    """
    topics, papers = [], dict[str, Paper]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            cited = [_cited(one) for one in row["citations"] if one["abstract"].strip()]
            id_ = re.sub(r"v\d+$", "", row["arxiv_id"])
            text = f"{_line(row['title'])}\n{_line(row['abstract'])}"
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}, line {number}: no topic with citations") from error
        papers |= {paper.arxiv_id: paper for paper in cited}
        if cited:
            topics.append(Topic(id_, text, frozenset(paper.arxiv_id for paper in cited)))
    return topics, list(papers.values())


def measure(
    topics: Sequence[Topic], papers: Iterable[Paper], say: Callable[[str], None]
) -> dict[str, Any]:
    """Recall of each system's 30 papers and their precision, each mean over topics, with intervals by topic."""
    distinct = {paper.arxiv_id: paper for paper in papers}
    with TemporaryLibrary() as library:
        say(f"embedding and writing {len(distinct)} abstracts")
        library.add(list(distinct.values()))
        found: dict[str, list[Pair]] = {name: [] for name in SYSTEMS}
        for topic in topics:
            say(topic.text.split("\n")[0])
            for name, ids in ranked(topic, library).items():
                found[name].append(_scores(topic, ids))
    return figures(found, [topic.id for topic in topics])


def ranked(topic: Topic, library: TemporaryLibrary) -> dict[str, list[str]]:
    """Ids of papers as each system ranks them, best first."""
    retriever = Retriever(library.store, library.embedder, RetrievalSettings())

    def search(text: str, mode: Mode = "hybrid", k: int = _DEPTH) -> list[str]:
        return [hit.paper.arxiv_id for hit in retriever.search(text, k=k, mode=mode)]

    _, sentences, _ = aspects(topic.text)
    whole, parts = search(topic.text), [search(text) for text in sentences]
    chosen = select(
        topic.text,
        library.store,
        library.embedder,
        most=TAKEN,
        threshold=0.0,
        leave_out=[topic.id],
    )
    return {
        "dense": search(topic.text, "dense", TAKEN + 1),
        "hybrid": whole,
        "sentences": fused_ranks(parts),
        "whole and sentences": fused_ranks([*parts, *[whole] * len(parts)]),
        "review": [hit.paper.arxiv_id for hit in chosen],
    }


def fused_ranks(rankings: Sequence[Sequence[str]]) -> list[str]:
    """One ranking of several, by the sum of reciprocal ranks."""
    scores: Counter[str] = Counter()
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, 1):
            scores[id_] += 1 / (_RANK_CONSTANT + rank)  # type: ignore[assignment]
    return sorted(scores, key=lambda id_: (-scores[id_], id_))


def figures(found: dict[str, list[Pair]], ids: Sequence[str]) -> dict[str, Any]:
    """What is printed: n, recall and precision of the review, both of its rivals, and what holds on the other half."""
    means = {name: _means(pairs) for name, pairs in found.items()}
    odd = {name: _of(pairs, ids, odd=True) for name, pairs in found.items()}
    even = {name: _of(pairs, ids, odd=False) for name, pairs in found.items()}
    best = max(SYSTEMS, key=lambda name: _means(odd[name])["recall"])
    return {
        "n": len(ids),
        "recall": means["review"]["recall"],
        "precision": means["review"]["precision"],
        "dense": means["dense"],
        "hybrid": means["hybrid"],
        "all systems": means,
        "recall, review minus dense": _difference(found["review"], found["dense"]),
        "recall, review minus hybrid": _difference(found["review"], found["hybrid"]),
        "recall, odd ids, chosen on": {
            name: _means(pairs)["recall"] for name, pairs in odd.items()
        },
        "best on odd ids": best,
        "recall, even ids": {name: _means(pairs)["recall"] for name, pairs in even.items()},
        "recall, even ids, best minus hybrid": _difference(even[best], even["hybrid"]),
        "recall, even ids, review minus hybrid": _difference(even["review"], even["hybrid"]),
    }


def _of(pairs: Sequence[Pair], ids: Sequence[str], *, odd: bool) -> list[Pair]:
    return [pair for pair, id_ in zip(pairs, ids, strict=True) if (ord(id_[-1]) % 2 == 1) is odd]


def _scores(topic: Topic, ranking: Sequence[str]) -> Pair:
    ids = [id_ for id_ in ranking if id_ != topic.id][:TAKEN]
    right = len(topic.cited & set(ids))
    return right / len(topic.cited), right / max(1, len(ids))


def _means(pairs: Sequence[Pair]) -> dict[str, float]:
    count = max(1, len(pairs))
    recall, precision = (sum(pair[i] for pair in pairs) / count for i in (0, 1))
    return {"recall": round(recall, 4), "precision": round(precision, 4)}


def _difference(ours: Sequence[Pair], theirs: Sequence[Pair]) -> dict[str, float]:
    if not ours:
        return {}  # of a few topics none may be in this half
    return interval([a[0] - b[0] for a, b in zip(ours, theirs, strict=True)])


def _cited(stored: dict[str, Any]) -> Paper:
    title, abstract = _line(stored["title"]), _line(stored["abstract"])
    id_ = stored["arxiv_id"] or f"cited/{title[:60]}"
    return Paper(id_, title, abstract, (), (), 0)


def _line(text: str) -> str:
    return " ".join(text.split())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where the data cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m bench.review", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="JSON lines of papers with citations"
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        action="append",
        help="JSON lines (.gz too) of arXiv metadata; repeatable; without one: dev-20k where it is at hand",
    )
    parser.add_argument("--limit", type=int, default=0, help="topics taken, 0: all")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    chosen = parser.parse_args(arguments)
    corpora = chosen.corpus or [path for path in (CORPUS,) if path.exists()]
    try:
        topics, papers = read_topics(chosen.data)
        papers += [paper for path in corpora for paper in read_documents(path)]
    except (OSError, ValueError) as error:
        print(f"cannot read the data: {error}", file=sys.stderr)
        return 2
    topics = topics[: chosen.limit or None]
    measured = measure(topics, papers, lambda what: print(what, file=sys.stderr, flush=True))
    print(json.dumps(measured) if chosen.json else table(measured))
    if not chosen.limit:
        record.write(f"review-{chosen.data.stem}", {"abstracts": len(papers), **measured})
    return 0


def table(measured: dict[str, Any]) -> str:
    """The systems as lines of text."""
    rows = measured["all systems"]
    lines = [f"{measured['n']} topics, {TAKEN} papers each: recall, precision"]
    lines += [
        f"{name:20}{row['recall']:>8.3f}{row['precision']:>8.3f}" for name, row in rows.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
