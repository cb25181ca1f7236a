"""How answers are judged: key facts, token F1, yes and no, quotes, what was declined; with intervals."""

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bench.answer_sets import Task
from bench.scores import interval

_YES = re.compile(r"^\W*(?:yes\b|是的?|对|会|可以|能)", re.IGNORECASE)
_NO = re.compile(r"^\W*(?:no\b|否|不|没有?)", re.IGNORECASE)
_MARKS = re.compile(r"\s*\[\d+\]")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def judged(task: Task, answer: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """What one answer is worth.

    Args:
        task: The question.
        answer: The object of `ask --json`.
        seconds: Wall time.

    Returns:
        The row that is kept: `right`, `f1`, `yes_no` and `declined` are None where they do not apply.
    """
    text = _MARKS.sub("", answer["answer"]).strip() if answer["claims"] else ""
    quotes = [c["quote"] for claim in answer["claims"] for c in claim["citations"]]
    right = _right(task, text)
    return {
        "id": task.id,
        "kind": task.kind,
        "lang": task.lang,
        "pair": task.pair,
        "answer": text,
        "quotes": quotes,
        "right": right,
        "f1": _best_f1(text or "unanswerable", task.golds) if task.golds else None,
        "yes_no": verdict_of(text) == task.verdict if task.verdict in ("yes", "no") else None,
        "verdict": task.verdict,
        "declined": None if task.answerable else not text,
        "quoted": _quoted(task, answer["claims"], quotes) if text else None,
        "seconds": round(seconds, 2),
        "calls": answer["llm_calls"],
        "tokens": answer["tokens"]["prompt"],
    }


def _right(task: Task, text: str) -> bool | None:
    if task.key is not None:
        return bool(text and re.search(task.key, text, re.IGNORECASE))
    if task.verdict and not task.golds:
        return verdict_of(text) == task.verdict
    return None


def _quoted(task: Task, claims: Sequence[Mapping[str, Any]], quotes: Sequence[str]) -> bool:
    """Whether the key fact stands in a quote; where there is no key, whether each sentence has a quote."""
    if task.key is None or task.verdict or task.kind == "yes_no" or task.lang == "zh":
        return all(claim["citations"] for claim in claims)
    return bool(re.search(task.key, " ".join(quotes), re.IGNORECASE))


def verdict_of(text: str) -> str:
    """`yes`, `no` or `maybe`, as an answer begins; empty where it begins otherwise."""
    if re.match(r"^\W*maybe\b", text, re.IGNORECASE):
        return "maybe"
    return "yes" if _YES.match(text) else "no" if _NO.match(text) else ""


def token_f1(said: str, gold: str) -> float:
    """F1 of the tokens of two answers, as SQuAD and QASPER count it (arXiv:1606.05250, arXiv:2105.03011)."""
    one, two = _tokens(said), _tokens(gold)
    shared = sum((Counter(one) & Counter(two)).values())
    return 2 * shared / (len(one) + len(two)) if shared else 0.0


def _best_f1(said: str, golds: Sequence[str]) -> float:
    """Against the best gold answer; a gold Yes or No is held against the answer's own, without the reason it gives."""
    return max(
        token_f1(
            verdict_of(said) or said if gold.strip(" .").lower() in ("yes", "no") else said, gold
        )
        for gold in golds
    )


def _tokens(text: str) -> list[str]:
    plain = "".join(c for c in text.lower() if c not in string.punctuation)
    return _ARTICLES.sub(" ", plain).split()


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of a set: each share with its 95 % interval, None where no row has it."""
    seconds = sorted(row["seconds"] for row in rows)
    return {
        "n": len(rows),
        "right": _share(rows, "right"),
        "f1": _share(rows, "f1"),
        "yes_no": _balanced(rows),
        "declined": _share(rows, "declined"),
        "quoted": _share(rows, "quoted"),
        "seconds_median": seconds[len(seconds) // 2] if seconds else None,
        "calls": round(sum(row["calls"] for row in rows) / len(rows), 2) if rows else None,
        "tokens": round(sum(row["tokens"] for row in rows) / len(rows)) if rows else None,
    }


def _share(rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, float] | None:
    values = [float(row[name]) for row in rows if row[name] is not None]
    return {**interval(values), "n": len(values)} if values else None


def _balanced(rows: Sequence[Mapping[str, Any]]) -> dict[str, float] | None:
    """The mean of the shares right among the yes and among the no; the interval resamples both."""
    sides = [
        [
            float(row["yes_no"])
            for row in rows
            if row["verdict"] == side and row["yes_no"] is not None
        ]
        for side in ("yes", "no")
    ]
    if not all(sides):
        return None
    means = [interval(side) for side in sides]
    # Half the sum of two independent means: their half-widths add in squares.
    half = {
        end: sum((m[end] - m["mean"]) ** 2 for m in means) ** 0.5 / 2 for end in ("low", "high")
    }
    mean = sum(m["mean"] for m in means) / 2
    return {
        "mean": round(mean, 4),
        "low": round(max(0.0, mean - half["low"]), 4),
        "high": round(min(1.0, mean + half["high"]), 4),
        "n": len(sides[0]) + len(sides[1]),
    }
