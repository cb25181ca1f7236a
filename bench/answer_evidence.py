"""Is the key of a question in what the model would be shown? Asked of the search alone, so that no model is needed."""

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.answer_sets import Task
from ingestion.embedding.model import LocalEmbedder
from ingestion.paper import Paper
from rag_agent.grounding.drafting import as_shown
from rag_agent.grounding.full_text import FullText
from rag_agent.settings import load_settings

FileOf = Callable[[Task], Path | None]
"""The file of a task's paper; None where it is an abstract alone."""


def print_evidence(tasks: Sequence[Task], forms: Mapping[str, FileOf]) -> None:
    """For each form and kind of question, in how many the key stands in a sentence shown; and where it does not.

    Asked are the English questions that have a full text and a key, which is not a Yes or No.
    """
    asked = [t for t in tasks if t.key is not None and t.lang == "en" and t.kind != "yes_no"]
    for form, file_of in forms.items():
        held = _held(asked, file_of)
        kinds = sorted({task.kind for task in asked})
        counts = [(kind, [held[t.id] for t in asked if t.kind == kind]) for kind in kinds]
        told = ", ".join(f"{kind or 'all'} {sum(each)} of {len(each)}" for kind, each in counts)
        print(f"{form}: {sum(held.values())} of {len(held)} ({told})")
        for task in asked:
            if not held[task.id]:
                print(f"  not shown: {task.paper}: {task.question}")


def _held(tasks: Sequence[Task], file_of: FileOf) -> Mapping[str, bool]:
    settings = load_settings()
    embedder = LocalEmbedder(settings.embedding, settings.home)
    limit = settings.retrieval.sentences
    held = {}
    with tempfile.TemporaryDirectory() as cache:
        full_text = FullText(settings.pdf, embedder, Path(cache))
        for task in tasks:
            if file := file_of(task):
                paper = Paper(file.name, task.paper, "", (), (), 0)
                best = full_text.open(paper, file).best_sentences(task.question, limit)
                shown = map(as_shown, best)
                held[task.id] = any(re.search(task.key or "", e, re.IGNORECASE) for e in shown)
    return held
