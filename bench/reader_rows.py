"""`python -m bench.reader_rows QUESTIONS… > ROWS`: what a reader is tuned on, with the sentences the agent would show.

A question names its paper, its answer (null: not stated) and the sentences that carry it, each by a digest, since no
text of a paper lies in this repository. The sentences shown are the agent's own choice from that paper, fewer than it
shows so that training is quicker; one that carries the answer takes the last place where the choice lacks it. Of some
answered questions there is a second row without those sentences, whose answer is "not stated": the neighbours of a
fact do not state it.

    {"paper", "q", "form", "a", "support": [digest, …]}     a paper of --papers, or of --abstracts
    {"id", "question", "abstract", "answer", "long_answer"}  a row of PubMedQA, shown whole
"""

import argparse
import gzip
import hashlib
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.embedding import Embedder
from ingestion.embedding.model import LocalEmbedder
from ingestion.fulltext.sentences import sentences_in
from ingestion.paper import Paper
from ingestion.terms import terms
from rag_agent.grounding.drafting import shown
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.full_text import FullText
from rag_agent.grounding.open_paper import OpenPaper
from rag_agent.settings import load_settings

SENTENCES = (6, 10)
"""Fewest and most sentences of a row; the agent shows 12."""
WITHOUT_SUPPORT = 0.1
"""Share of the answered facts that come a second time without the sentences that carry them."""
_SEED = 17
_FORMS = (".html", ".tex", ".pdf")


@dataclass(frozen=True, slots=True)
class Texts:
    """Where the papers of the questions are.

    Args:
        folders: Of their files, named by the paper.
        abstracts: By paper, title and abstract in one.
    """

    folders: Sequence[Path]
    abstracts: Mapping[str, str]

    def file(self, paper: str) -> Path | None:
        """The file of a paper, the best form there is."""
        candidates = (folder / f"{paper}{form}" for form in _FORMS for folder in self.folders)
        return next((path for path in candidates if path.exists()), None)


def main() -> int:
    """Print the rows."""
    options = _options()
    settings = load_settings()
    embedder = LocalEmbedder(settings.embedding, settings.home)
    full_text = FullText(settings.pdf, embedder, settings.home / "texts")
    texts = Texts(options.papers, dict(_abstracts(options.abstracts)))
    chance = random.Random(_SEED)
    for file in options.questions:
        for line in file.read_text("utf-8").splitlines():
            for row in rows_of(json.loads(line), texts, full_text, embedder, chance):
                print(json.dumps(row, ensure_ascii=False))
    return 0


def rows_of(
    asked: Mapping[str, Any],
    texts: Texts,
    full_text: FullText,
    embedder: Embedder,
    chance: random.Random,
) -> Iterator[dict[str, Any]]:
    """The rows of one question; none where a yes/no question is not answered by yes or no.

    Raises:
        SystemExit: The paper is nowhere.
    """
    if "long_answer" in asked:
        if asked["answer"] in ("yes", "no"):
            finding = next(iter(sentences_in(asked["long_answer"])))
            answer = f"Finding: {finding}\nAnswer: {asked['answer'].capitalize()}"
            yield _row(asked["question"], "yes_no", [asked["abstract"]], answer)
        return
    if asked["form"] == "yes_no" and asked["a"] is None:
        return
    if asked["paper"] in texts.abstracts:
        yield _row(asked["q"], asked["form"], [texts.abstracts[asked["paper"]]], asked["a"])
        return
    file = texts.file(asked["paper"])
    if file is None:
        raise SystemExit(f"{asked['paper']} is in no folder of --papers, nor in --abstracts")
    opened = full_text.open(Paper(asked["paper"], "", "", (), (), 0), file)
    yield from _paper_rows(asked, opened, chance)


def _paper_rows(
    asked: Mapping[str, Any], opened: OpenPaper, chance: random.Random
) -> Iterator[dict[str, Any]]:
    count = chance.randint(*SENTENCES)
    again = chance.random() < WITHOUT_SUPPORT
    best = sorted(
        opened.best_sentences(asked["q"], 3 * SENTENCES[1]), key=lambda e: (-e.is_row, -e.score)
    )
    carries = {e.text for e in best if asked["a"] and digest(e.text) in asked["support"]}
    others = [e for e in best if e.text not in carries]
    chosen = best[:count]
    missing = [e for e in best[count:] if e.text in carries]
    if asked["a"] and not carries:
        return  # the agent would not find it, and the right answer would be another
    if missing:
        spare = [e for e in chosen if e.text not in carries][-len(missing) :]
        chosen = [e for e in chosen if e not in spare] + missing
    yield _row(asked["q"], asked["form"], shown(chosen), asked["a"])
    if again and asked["a"] and asked["form"] == "fact":
        left = [e for e in others if not _states(e, asked["a"])][:count]
        yield _row(asked["q"], "fact", shown(left), None)


def _states(evidence: Evidence, answer: str) -> bool:
    """Whether a sentence may carry an answer too: it has one of its numbers, or half of its words."""
    said = set(terms(answer))
    here = set(terms(evidence.reading))
    numbers = set(re.findall(r"\d+(?:\.\d+)?", answer))
    return bool(numbers & set(re.findall(r"\d+(?:\.\d+)?", evidence.reading))) or 2 * len(
        said & here
    ) >= len(said)


def digest(sentence: str) -> str:
    """What stands for a sentence: twelve hexadecimal digits of SHA-256 over its letters and digits."""
    letters = re.sub(r"\W+", "", sentence).lower()
    return hashlib.sha256(letters.encode()).hexdigest()[:12]


def _row(question: str, form: str, sentences: Sequence[str], answer: str | None) -> dict[str, Any]:
    return {"question": question, "form": form, "sentences": list(sentences), "answer": answer}


def _abstracts(file: Path | None) -> Iterator[tuple[str, str]]:
    if file is None:
        return
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield record["id"], " ".join(record["abstract"].split())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reader_rows")
    parser.add_argument("questions", type=Path, nargs="+", help="files of questions")
    parser.add_argument("--papers", type=Path, action="append", default=[], help="folder of papers")
    parser.add_argument("--abstracts", type=Path, help="metadata file, .jsonl.gz")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
