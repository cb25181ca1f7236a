"""`python -m bench.reviewing --corpus FILE --pdfs DIR`: reviews by the model in force, their sentences to be read.

The corpus and the PDFs go into the library of the data folder in force (ARXIV_AGENT_HOME); then a review of each topic
is written. Stopped or killed, the same command goes on where it was. Code checks that every sentence has a quote and
that every quote stands letter by letter in its paper. 60 sentences, drawn evenly by a fixed seed, are written to
bench/results/review-sentences.jsonl; their reader sets `right` (does the quote carry the sentence?) to true or false,
and the command run once more prints the share. The reviews lie beside it as Markdown.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import marks, record
from bench.tables import add_papers
from bench.works import finished
from ingestion.errors import AgentError
from rag_agent.assistant import Assistant
from rag_agent.citation import Citation
from rag_agent.review import writing
from rag_agent.review.documents import as_markdown
from rag_agent.review.review import Review, cited
from rag_agent.settings import load_settings

TOPICS = (
    "Attention and recurrence in models of sequences",
    "Convolutional networks for images and their segmentation",
    "Dark matter halos of galaxies",
    "Topological insulators and their surface states",
    "Reinforcement learning with function approximation",
)
"""Two that the PDFs speak of, three that only abstracts of the corpus do; chosen before any was written."""
SENTENCES = record.RESULTS / "review-sentences.jsonl"
FOLDER = record.RESULTS / "reviews"
_READ = 60
_SEED = 15


def written(assistant: Assistant, topic: str, most: int) -> Review:
    """The review of a topic, begun or gone on with.

    Raises:
        AgentError: There is no reader model, no paper, or the job was stopped.
    """
    arguments = writing.arguments(topic, most=most)
    return Review.from_json(finished(assistant, writing.KIND, arguments))


def checked(assistant: Assistant, review: Review) -> dict[str, Any]:
    """What code can say of a review."""
    quotes = cited(review.sentences)
    return {
        "topic": review.topic,
        "papers": len(review.papers),
        "read": len(review.papers) + len(review.unused),
        "sentences": len(review.sentences),
        "without a quote": sum(not claim.citations for claim in review.sentences),
        "quotes": len(quotes),
        "not letter by letter": sum(not _stands(assistant, citation) for citation in quotes),
        "followed": len(review.followed),
    }


def sampled(reviews: Sequence[Review], count: int = _READ) -> list[dict[str, Any]]:
    """Sentences of all reviews, as many of each as the others, drawn by a fixed seed."""
    draw = random.Random(_SEED)
    each = -(-count // max(1, len(reviews)))
    rows = []
    for review in reviews:
        own = list(_rows(review))
        rows += draw.sample(own, min(each, len(own)))
    return rows[:count]


def _rows(review: Review) -> Iterator[dict[str, Any]]:
    for claim in review.sentences:
        quotes = [{"paper": c.paper.arxiv_id, "quote": c.quote} for c in claim.citations]
        yield {"topic": review.title, "sentence": claim.text, "quotes": quotes}


def _stands(assistant: Assistant, citation: Citation) -> bool:
    """Whether a quote stands in its paper's abstract, or on its page."""
    id_ = citation.paper.arxiv_id
    if not citation.page:
        paper = assistant.library.get([id_]).get(id_)
        return paper is not None and citation.quote in paper.text
    paper, file = assistant.library.version_at_hand(id_, citation.paper.version)
    return citation.quote in assistant.full_text.open(paper, file).text.page_text(citation.page)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where a review could not be written."""
    parser = argparse.ArgumentParser(prog="python -m bench.reviewing", description=__doc__)
    parser.add_argument("--corpus", type=Path, action="append", default=[], help="arXiv metadata")
    parser.add_argument("--pdfs", type=Path, help="a folder of PDFs")
    parser.add_argument("--max", type=int, default=20, help="papers a review, 8 to 30")
    parser.add_argument("--topic", action="append", help="instead of the five; repeatable")
    chosen = parser.parse_args(arguments)
    assistant = Assistant(load_settings(agent={"fetch": False}))
    reviews = []
    try:
        if chosen.corpus:
            assistant.library.ingest_files(chosen.corpus)
        if chosen.pdfs:
            add_papers(assistant, chosen.pdfs)
        for topic in chosen.topic or TOPICS:
            reviews.append(written(assistant, topic, chosen.max))
    except (AgentError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number, review in enumerate(reviews, 1):
        (FOLDER / f"{number}.md").write_text(as_markdown(review), encoding="utf-8")
    rows = marks.keep(SENTENCES, sampled(reviews))
    figures = {
        "reviews": [checked(assistant, review) for review in reviews],
        "sentences read": marks.share(rows),
    }
    record.write("reviews", figures)
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
