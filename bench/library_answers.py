"""Answers about a whole library: are they right, is every quote real, is what is absent declined?

Own questions about abstracts of a metadata file, half of them without an answer there, kept as JSON lines so that an
interrupted run goes on. The data folder in force (ARXIV_AGENT_HOME) must hold the metadata file's papers. Questions
about single papers are `bench.answers`'.

    python -m bench.library_answers [--limit N] [--again]
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag_agent.answer import Answer
from rag_agent.assistant import Assistant
from rag_agent.grounding.checks.names import names, numbers
from rag_agent.settings import load_settings

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SHARED = HERE.parents[1] / "shared" / "data"


def main() -> None:
    """Ask, judge, print."""
    arguments = _arguments()
    assistant = Assistant(load_settings(agent={"fetch": False}))
    RESULTS.mkdir(exist_ok=True)
    log = RESULTS / "answers-library.jsonl"
    if arguments.again:
        log.unlink(missing_ok=True)
    rows = list(_resumed(log, _library(assistant, _done(log)), arguments.limit))
    summary = _library_summary(rows)
    print(", ".join(f"{key} {value}" for key, value in summary.items()))
    summary_file = RESULTS / "answers-library.json"
    summary_file.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.library_answers", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--limit", type=int, default=0, help="stop after N questions")
    parser.add_argument("--again", action="store_true", help="forget earlier answers")
    return parser.parse_args()


def _done(log: Path) -> set[str]:
    return {row["question"] for row in _lines(log)} if log.exists() else set()


def _resumed(log: Path, rows: Iterator[dict[str, Any]], limit: int) -> Iterator[dict[str, Any]]:
    """Earlier rows of the log, then new ones, each written as soon as it is there."""
    count = 0
    for row in _lines(log) if log.exists() else []:
        count += 1
        yield row
    with log.open("a", encoding="utf-8") as out:
        if limit and count >= limit:
            return
        for row in rows:
            count += 1
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            out.flush()
            print(
                f"  {row['mark']:9} {row['seconds']:6.1f} s  {row['question']}",
                file=sys.stderr,
                flush=True,
            )
            yield row
            if count == limit:
                return


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _ask(assistant: Assistant, question: str, paper: str = "") -> Answer:
    for event in assistant.ask(question, paper=paper):
        if event.kind == "answered":
            return event.answer
        if event.kind == "failed":
            raise SystemExit(f"{event.what} {event.next_step}")
    raise SystemExit("no answer came")


def _library(assistant: Assistant, done: set[str]) -> Iterator[dict[str, Any]]:
    for task in _lines(HERE / "library_questions.jsonl"):
        if task["question"] in done:
            continue
        answer = _ask(assistant, task["question"])
        right = bool(answer.claims) and bool(
            re.search(task.get("key_fact", "$^"), answer.text, re.I)
        )
        mark = "right" if right else "declined" if not answer.claims else "answered"
        yield _row(task, answer, mark)


def _row(task: dict[str, Any], answer: Answer, mark: str) -> dict[str, Any]:
    real = all(
        c.quote in (c.paper.text if c.page is None else c.passage)
        for claim in answer.claims
        for c in claim.citations
    )
    invented = [
        claim.text
        for claim in answer.claims
        if claim.citations
        and not claim.quoted
        and (
            numbers(_latin(claim.text)) - numbers(" ".join(c.quote for c in claim.citations))
            or _unquoted_names(_latin(claim.text), " ".join(c.quote for c in claim.citations))
        )
    ]
    return {
        "question": task["question"],
        "answerable": task.get("answerable", True),
        "mark": mark,
        "answer": answer.text,
        "quotes": [c.quote for claim in answer.claims for c in claim.citations],
        "quotes_exact": real,
        "every_claim_cited": all(claim.citations for claim in answer.claims),
        "states_what_quotes_lack": invented,
        "seconds": round(answer.seconds, 1),
        "model_seconds": round(answer.model_seconds, 1),
        "llm_calls": answer.llm_calls,
        "prompt_tokens": answer.tokens.prompt,
        "verdict": answer.verdict,
    }


def _latin(text: str) -> str:
    """A Chinese sentence with blanks around its Latin words and numbers."""
    return re.sub(r"[\u2e80-\uffff]+", " , ", text)


def _unquoted_names(claim: str, quotes: str) -> set[str]:
    return {name for name in names(claim) if name not in quotes.casefold()}


def _library_summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    answerable = [row for row in rows if row["answerable"]]
    absent = [row for row in rows if not row["answerable"]]
    return {
        "questions": len(rows),
        "answered right": f"{_count(answerable, 'right')} of {len(answerable)}",
        "absent declined": f"{_count(absent, 'declined')} of {len(absent)}",
        **_shared_summary(rows),
    }


def _shared_summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    outside = sorted(row["seconds"] - row["model_seconds"] for row in rows)
    seconds = sorted(row["seconds"] for row in rows)
    return {
        "quotes exact": all(row["quotes_exact"] for row in rows),
        "claims cited": all(row["every_claim_cited"] for row in rows),
        "claims stating what quotes lack": sum(len(row["states_what_quotes_lack"]) for row in rows),
        "median seconds": seconds[len(seconds) // 2] if seconds else 0,
        "median seconds outside the model": round(outside[len(outside) // 2], 2) if outside else 0,
        "model calls a question": round(sum(r["llm_calls"] for r in rows) / max(1, len(rows)), 2),
    }


def _count(rows: list[dict[str, Any]], mark: str) -> int:
    return sum(row["mark"] == mark for row in rows)


if __name__ == "__main__":
    main()
