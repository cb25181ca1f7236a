"""`python -m bench.review --data FILE`: does a review find the papers that its authors cited?

Each line of the file is a paper with what it cites: `arxiv_id`, `title`, `abstract`, `citations` (`title`,
`arxiv_id`, `abstract`), as DeepScholar-Bench gives them (Patel et al. 2025). Title and abstract are the topic;
the library holds every cited abstract of the file and the corpora; 30 papers are taken, the topic's own never.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import record
from bench.datasets import read_documents
from bench.library import TemporaryLibrary
from bench.scores import interval
from ingestion.paper import Paper
from rag_agent.answer import Hit
from rag_agent.retrieval import Retriever
from rag_agent.review.selection import select
from rag_agent.settings import RetrievalSettings

TAKEN = 30
CORPUS = Path(__file__).parents[2] / "shared/data/arxiv/dev-20k.jsonl.gz"
SYSTEMS = ("review", "dense", "hybrid")


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
        retriever = Retriever(library.store, library.embedder, RetrievalSettings())
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in SYSTEMS}
        for topic in topics:
            say(topic.text.split("\n")[0])
            chosen = select(
                topic.text,
                library.store,
                library.embedder,
                most=TAKEN,
                threshold=0.0,
                leave_out=[topic.id],
            )
            ways = {"review": chosen}
            for mode in ("dense", "hybrid"):
                ways[mode] = list(retriever.search(topic.text, k=TAKEN + 1, mode=mode))
            for name, hits in ways.items():
                found[name].append(_scores(topic, hits))
    return figures(found)


def figures(found: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    """What is printed: n, recall and precision of the review, and both of the two rivals."""
    means = {name: _means(pairs) for name, pairs in found.items()}
    review = found["review"]
    return {
        "n": len(review),
        "recall": means["review"]["recall"],
        "precision": means["review"]["precision"],
        "dense": means["dense"],
        "hybrid": means["hybrid"],
        "recall, review minus dense": _difference(review, found["dense"]),
        "recall, review minus hybrid": _difference(review, found["hybrid"]),
        "recall, every other topic, not chosen on": {
            name: _means(pairs[1::2])["recall"] for name, pairs in found.items()
        },
        "recall, the others": {name: _means(pairs[::2])["recall"] for name, pairs in found.items()},
    }


def _scores(topic: Topic, hits: Sequence[Hit]) -> tuple[float, float]:
    ids = [hit.paper.arxiv_id for hit in hits if hit.paper.arxiv_id != topic.id][:TAKEN]
    right = len(topic.cited & set(ids))
    return right / len(topic.cited), right / max(1, len(ids))


def _means(pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    count = max(1, len(pairs))
    recall, precision = (sum(pair[i] for pair in pairs) / count for i in (0, 1))
    return {"recall": round(recall, 4), "precision": round(precision, 4)}


def _difference(
    ours: Sequence[tuple[float, float]], theirs: Sequence[tuple[float, float]]
) -> dict[str, float]:
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
    rows = {"review": measured, "dense": measured["dense"], "hybrid": measured["hybrid"]}
    lines = [f"{measured['n']} topics, {TAKEN} papers each: recall, precision"]
    lines += [
        f"{name:8}{row['recall']:>8.3f}{row['precision']:>8.3f}" for name, row in rows.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
