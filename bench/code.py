"""`make bench-code`: HumanEval and twenty-four requests for programs from papers, through the coder and the sandbox.

Results go to bench/results: code.json sums up, human_eval.jsonl keeps every solution and verdict,
code_programs.jsonl every program written for a paper. An interrupted run goes on from the last two; remove
a line to have it made again.
"""

import argparse
import json
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import human_eval
from bench.functions import kept, open_coder
from finetune.data.problems import load_problems
from ingestion.embedding import Embedder
from ingestion.embedding.shared import SharedEmbedder
from ingestion.fulltext.documents import read_document
from ingestion.fulltext.passages import sentences_of
from ingestion.paper import Paper, parse_arxiv_id
from rag_agent.citation import Citation
from rag_agent.code.writing import write_code
from rag_agent.grounding.keys import Keys
from rag_agent.grounding.method import method_of
from rag_agent.grounding.open_paper import OpenPaper
from rag_agent.model.client import LanguageModel
from rag_agent.model.opening import open_model
from rag_agent.progress import Telling
from rag_agent.prompts.coder import CoderPrompts
from rag_agent.sandbox import Sandbox
from rag_agent.settings import Settings, load_settings

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SHARED = HERE.parents[1] / "shared" / "data"


def main() -> int:
    """Run both parts, or the one named, and write what came of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.code", description=__doc__)
    parser.add_argument("--part", choices=("human-eval", "requests"), help="only this one")
    parser.add_argument("--limit", type=int, help="first N problems and requests, for a quick look")
    options = parser.parse_args()
    if not SHARED.is_dir():
        print(f"Needs the shared data folder {SHARED}", file=sys.stderr)
        return 1
    settings = load_settings()
    RESULTS.mkdir(exist_ok=True)
    if options.part != "requests":
        _keep("human_eval", measure_human_eval(settings, options.limit))
    if options.part != "human-eval":
        _keep("requests", measure_requests(settings, options.limit))
    return 0


def measure_human_eval(settings: Settings, limit: int | None) -> dict[str, Any]:
    """pass@1 before and after repair rounds that see only the examples a problem shows."""
    tasks = load_problems(SHARED / "code" / "HumanEval.jsonl.gz")[:limit]
    sandbox, slots = Sandbox(settings.sandbox), settings.reader.slots
    coder = open_coder(settings)
    results = RESULTS / "human_eval.jsonl"
    rows = human_eval.run(tasks, coder, sandbox, settings.sandbox.repairs, results, slots)
    return {
        "model": coder.name,
        "problems": len(rows),
        "pass_at_1_first": _share(row["first"] == "passed" for row in rows),
        "pass_at_1_after_repair": _share(row["last"] == "passed" for row in rows),
        "rescued": {
            way: sum(
                row["chosen"] == way and row["last"] == "passed" != row["first"] for row in rows
            )
            for way in ("repair", "draft")
        },
        "spoilt": sum(row["first"] == "passed" != row["last"] for row in rows),
        "outcomes_first": dict(Counter(row["first"] for row in rows)),
    }


def measure_requests(settings: Settings, limit: int | None) -> dict[str, Any]:
    """One program for each request, with its verdict."""
    lines = (HERE / "code_requests.jsonl").read_text(encoding="utf-8").splitlines()
    requests = [json.loads(line) for line in lines][:limit]
    questions = {request["id"]: request["question"] for request in requests}
    embedder = SharedEmbedder(settings.embedding, settings.home)
    coder_name = open_model("coder", settings).name
    path = RESULTS / "code_programs.jsonl"
    done = {
        row["id"]: row
        for row in kept(path)
        if (row["model"], row["question"]) == (coder_name, questions.get(row["id"]))
    }
    missing = [request for request in requests if request["id"] not in done]

    def programmed(request: dict[str, str]) -> dict[str, Any]:
        passages = passages_for(request, embedder, settings)
        # Opened for each: the reader's server ends while the coder alone is at work for a quarter of an hour.
        reader, coder = open_model("reader", settings), open_model("coder", settings)
        result = write(request["question"], passages, reader, coder, settings)
        return {"id": request["id"], "arxiv_id": request["arxiv_id"], **result}

    with (
        ThreadPoolExecutor(settings.reader.slots) as pool,
        path.open("a", encoding="utf-8") as file,
    ):
        for future in as_completed([pool.submit(programmed, request) for request in missing]):
            row = future.result()
            done[row["id"]] = row
            line = json.dumps(row, ensure_ascii=False)
            # A traceback names this machine's folders.
            print(line.replace(f"{HERE.parent}/", ""), file=file, flush=True)
            print(f"{row['id']}: {row['verdict']} {row['reason']}", flush=True)
    results = [done[request["id"]] for request in requests]
    return {
        "model": coder_name,
        "time_limit_s": settings.sandbox.timeout_s,
        "budget_s": settings.agent.seconds,
        "requests": len(results),
        **{
            of: {
                "requests": len(own),
                "verdicts": dict(Counter(result["verdict"] for result in own)),
                "right_of_passed": _right(own),
            }
            for of in ("development", "held back")
            for own in [[done[r["id"]] for r in requests if r["set"] == of]]
        },
        "programs": [_line(result) for result in results],
    }


def passages_for(
    request: dict[str, str], embedder: Embedder, settings: Settings
) -> tuple[Citation, ...]:
    """The passages of the request's paper that say most about its question, best first."""
    path = next((SHARED / "pdfs" / "papers").glob(f"{request['arxiv_id']}*.pdf"))
    pdf = read_document(path, settings.pdf)
    found = parse_arxiv_id(request["arxiv_id"])
    paper = Paper(found.id, pdf.title, pdf.abstract, pdf.authors, (), found.year)
    vectors = embedder.encode([sentence.reading for sentence in sentences_of(pdf)])
    opened = OpenPaper(paper, pdf, embedder, vectors)
    keys = Keys()
    return tuple(keys.cite(e, e.cosine) for e in method_of(opened, request["question"], embedder))


def write(
    question: str,
    passages: tuple[Citation, ...],
    reader: LanguageModel,
    coder: LanguageModel,
    settings: Settings,
) -> dict[str, Any]:
    """`CodeResult.as_json()` for one question; the passages keep their place but not their text."""
    result = write_code(
        question,
        passages,
        coder=coder,
        reader=reader,
        sandbox=Sandbox(settings.sandbox),
        prompts=CoderPrompts(settings.prompts),
        progress=Telling(),
        adapter=settings.coder.adapter,
        deadline=time.perf_counter() + settings.agent.seconds,
    )
    # The papers' text stays with the papers: their licences do not let it be copied here.
    bare = tuple(replace(passage, quote="", passage="") for passage in result.passages)
    return replace(result, passages=bare).as_json()


def _line(result: dict[str, Any]) -> dict[str, Any]:
    met = sum(check["status"] == "met" for check in result["requirements"])
    return {
        "id": result["id"],
        "arxiv_id": result["arxiv_id"],
        "question": result["question"],
        "verdict": result["verdict"],
        "reason": result["reason"],
        "asserts_held": result["self_check"]["held"],
        "cross_check": result["cross_check"]["outcome"],
        "repairs": result["repairs"],
        "requirements_met": f"{met} of {len(result['requirements'])}",
        "seconds": result["seconds"],
        "right": result.get("right"),
        "reading": result.get("reading", ""),
    }


def _right(results: Sequence[dict[str, Any]]) -> str:
    """How many of the programs that passed a person found right, of those that were read."""
    read = [one for one in results if one["verdict"] == "passed" and one.get("right") is not None]
    return f"{sum(one['right'] for one in read)} of {len(read)} read"


def _share(passed: Iterable[bool]) -> float:
    verdicts = list(passed)
    return round(sum(verdicts) / len(verdicts), 4)


def _keep(part: str, figures: dict[str, Any]) -> None:
    """Put one part's figures into code.json, beside what another run may have written there."""
    path = RESULTS / "code.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    text = json.dumps({**kept, "machine": machine, part: figures}, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    sys.exit(main())
