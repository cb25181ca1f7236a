"""An assistant for the page's tests: invented papers, a model that follows a script, no weights.

As a program it serves the page in a process of its own: `python -m tests.ui.scripted HOME PORT`.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingestion.embedding import HashingEmbedder
from ingestion.fulltext.sentences import sentences_in
from ingestion.paper import Paper
from ingestion.pipeline import ingest
from rag_agent.assistant import Assistant
from rag_agent.model.client import Message
from rag_agent.model.scripted import ScriptedModel
from rag_agent.settings import load_settings
from tests.fake_arxiv import pdf_of
from tests.papers import PAPERS, PONDS

HOSTILE = Paper(
    arxiv_id="2711.00666",
    title="Owls <img src=x onerror=alert(1)> on **stilts** $\\href{javascript:alert(2)}{x}$",
    abstract="Owls on stilts <script>alert(3)</script> walk $$\\rule{999em}{999em}$$ # slowly `at` dusk. "
    "[Stilts](javascript:alert(4)) of owls measure :red[twelve] centimetres | in :material/home: winter. "
    "The owls gain $\\alpha_1^2 + \\frac{1}{2}$ of height & 5$ each.",
    authors=("Mallory <b>Example</b>",),
    categories=("q-bio.OT",),
    year=2027,
)
FULL_TEXT = (
    "Kettles that sing in two voices",
    "Abstract. We tune the whistle of a kettle so that it sings in two voices at once.",
    "1 Introduction",
    "A kettle whistle has one chamber. Our kettle whistle has two chambers of unequal depth. "
    "The deeper chamber of the kettle whistle sounds at 440 hertz when the water boils.",
)
AT_LENGTH = "At length: what is the tide of the alder basin in nanometres?"
"""A question whose answer takes its time, so that it can be stopped and others wait for it."""
_REPEATED = 40
_REPLIES = 60
_PLAN = {"route": "research", "paper": "", "keywords": [], "sub_questions": []}
Reply = Callable[[Sequence[Message]], Any]


NAMES = (
    "alder basil cedar daisy elder fern gorse hazel iris jasmine kale laurel "
    "maple nettle olive poppy quince rowan sage thyme"
).split()


def named_ponds() -> list[Paper]:
    """A paper for each name, so that a question about one has its own answer."""
    return [
        replace(
            PONDS,
            arxiv_id=f"2712.{number:05}",
            title=f"Tides of {name}",
            abstract=f"The {name} basin has tides. The tide of the {name} basin is {number} nanometres.",
        )
        for number, name in enumerate(NAMES, start=1)
    ]


def reply(messages: Sequence[Message]) -> Any:
    """What the model says: the sentence most like the question; follow-ups and other queries as asked."""
    system, asked = messages[0][1], messages[-1][1]
    question = asked.rpartition("Question: ")[2]
    if "plan the work" in system:
        return {**_PLAN, "query": question}
    if "what kind of message" in system:
        return {"kind": "greeting"}
    if "other English search query" in system:
        return {"query": question.partition("\n")[0]}
    if "literature review" in system:
        return asked.partition("- ")[2].partition("\n")[0]
    if asked.startswith("Abstract:"):
        return _best(question, sentences_in(asked.partition("\n")[0].removeprefix("Abstract:")))
    if asked.startswith("Excerpts:"):
        excerpts = re.findall(r"^- (.+)$", asked, re.MULTILINE)
        best = _best(question, [each for text in excerpts for each in sentences_in(text)])
        return " ".join([best] * _REPEATED) if question.startswith("At length") else best
    return f"A passage about {question}"


def scripted_assistant(
    home: Path, answer: Reply = reply, seconds_a_piece: float = 0.0
) -> Assistant:
    """An assistant on the library in `home`, with a few invented papers and one full text."""
    settings = load_settings(
        home=home,
        retrieval={"threshold": 0.2},
        agent={"fetch": False, "rounds": 1},
        arxiv={
            "api_url": "http://127.0.0.1:9/api",
            "pdf_url": "http://127.0.0.1:9",
            "max_tries": 1,
            "delay_s": 0,
        },
    )
    assistant = Assistant(
        settings,
        models=lambda role: ScriptedModel([answer] * _REPLIES, seconds_a_piece),
        embedder=HashingEmbedder(512),
    )
    home.mkdir(parents=True, exist_ok=True)
    done = {"at": "2026-01-01T00:00:00+00:00", "source": "starter", "new": 0}
    (home / "ingests.jsonl").write_text(json.dumps(done) + "\n")  # spares the starter papers
    papers = [*PAPERS, HOSTILE, *named_ponds()]
    ingest(papers, assistant.library.store, assistant.embedder, home, source="invented")
    return assistant


def write_pdf(folder: Path, name: str = "kettles.pdf") -> Path:
    """A PDF with `FULL_TEXT`."""
    path = folder / name
    path.write_bytes(pdf_of(list(FULL_TEXT)))
    return path


def _best(question: str, sentences: list[str]) -> str:
    asked = set(re.findall(r"\w{3,}", question.lower()))
    shared = {text: len(asked & set(re.findall(r"\w{3,}", text.lower()))) for text in sentences}
    best = max(sentences, key=lambda text: shared[text], default="")
    if not best or shared[best] <= 2:
        return "NOT STATED"
    return re.sub(r"^\([^)]*\) ", "", best)[:400]


def serve(home: Path, port: int, seconds_a_piece: float) -> None:
    """Serve the page with the scripted assistant on loopback until killed."""
    from ui import server
    from ui.web import program

    program.open_assistant = lambda report: scripted_assistant(
        home, seconds_a_piece=seconds_a_piece
    )
    server.serve("127.0.0.1", port)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
