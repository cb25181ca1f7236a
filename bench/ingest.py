"""`python -m bench.ingest`: abstracts a second, embedding alone and the whole pipeline, and memory.

Embedding is compared with `SentenceTransformer.encode` and its defaults, the pipeline with LangChain's
Milvus.from_documents, on the same papers in the same run, so that the ratios hold on a busy machine too.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import charts, record
from bench.library import TemporaryLibrary
from bench.rivals import MODEL
from ingestion import weights
from ingestion.embedding import Embedder
from ingestion.metadata_files import read_papers
from ingestion.paper import Paper
from ingestion.pipeline import ingest
from ingestion.settings import EmbeddingSettings
from rag_agent.settings import home_folder

FILES = "../shared/data/arxiv"


def embedding(texts: Sequence[str], embedder: Embedder) -> dict[str, float]:
    """Texts a second of both encoders, fp32 default against ours, and the cosines between them."""
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(weights.resolve(MODEL, home_folder())), device="cpu")
    plain.encode(list(texts[:8]))
    embedder.encode(texts[:8])
    default, default_s = _timed(lambda: plain.encode(list(texts), normalize_embeddings=True))
    ours, ours_s = _timed(lambda: embedder.encode(texts))
    cosines: NDArray[np.float32] = (np.asarray(default) * ours).sum(axis=1)
    return {
        "texts": len(texts),
        "default encode, texts/s": round(len(texts) / default_s, 1),
        "ours, texts/s": round(len(texts) / ours_s, 1),
        "times the default": round(default_s / ours_s, 2),
        "least cosine to fp32": round(float(cosines.min()), 4),
        "mean cosine to fp32": round(float(cosines.mean()), 4),
    }


def pipeline(papers: Sequence[Paper]) -> dict[str, float]:
    """Embedding alone and then the whole pipeline over the same papers, with the memory that it took."""
    with TemporaryLibrary() as library:
        library.embedder.encode([paper.text for paper in papers[:8]])
        _, alone_s = _timed(lambda: library.embedder.encode([p.text for p in papers]))
        with _memory() as used:
            report = ingest(papers, library.store, library.embedder, library.home, source="bench")
    return {
        "papers": len(papers),
        "embedding alone, papers/s": round(len(papers) / alone_s, 1),
        "pipeline, papers/s": round(report.new / report.seconds, 1),
        "share of embedding alone": round(alone_s / report.seconds, 3),
        **used,
    }


def langchain(papers: Sequence[Paper]) -> dict[str, Any]:
    """LangChain's Milvus.from_documents into Milvus Lite with its default embedding of texts, or why not."""
    from langchain_core.documents import Document

    try:
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_milvus import Milvus
    except ImportError as error:
        return {"not measured": f"{error.name} is not installed"}
    documents = [Document(paper.text, metadata={"id": paper.arxiv_id}) for paper in papers]
    embeddings = HuggingFaceEmbeddings(model_name=str(weights.resolve(MODEL, home_folder())))
    embeddings.embed_documents([papers[0].text])
    with tempfile.TemporaryDirectory() as folder:
        _, seconds = _timed(
            lambda: Milvus.from_documents(
                documents,
                embeddings,
                connection_args={"uri": f"{folder}/milvus.db"},
                index_params={"index_type": "FLAT", "metric_type": "COSINE"},
            )
        )
    return {"papers": len(papers), "papers/s": round(len(papers) / seconds, 1)}


def _timed(call: Any) -> tuple[Any, float]:
    started = time.perf_counter()
    result = call()
    return result, time.perf_counter() - started


@contextmanager
def _memory() -> Iterator[dict[str, float]]:
    """Resident memory of this process and its children (the store's owner) in MB: before, peak."""
    done, before = threading.Event(), _resident_mb()
    used = {"memory before, MB": before, "memory peak, MB": before}

    def watch() -> None:
        while not done.wait(0.5):
            used["memory peak, MB"] = max(used["memory peak, MB"], _resident_mb())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield used
    finally:
        done.set()
        watcher.join()


def _resident_mb() -> float:
    import psutil

    total = 0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return round(total / 1e6)


def papers_of(folder: Path, count: int) -> list[Paper]:
    """The first `count` papers of a folder's *-20k.jsonl.gz files, in the order of their names."""
    files = sorted(folder.glob("*-20k.jsonl.gz"))
    found = read_papers(files) if files else iter(())
    return list(islice((item for item in found if isinstance(item, Paper)), count))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where the papers are missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(FILES), help="folder of *-20k.jsonl.gz")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 20_000])
    parser.add_argument("--sample", type=int, default=500, help="papers for the comparisons")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    papers = papers_of(chosen.data, max(*chosen.sizes, chosen.sample))
    if not papers:
        print(f"no *-20k.jsonl.gz in {chosen.data}; name a folder with --data", file=sys.stderr)
        return 2
    sample = papers[: chosen.sample]
    embedder = Embedder(EmbeddingSettings(), home_folder())
    figures: dict[str, Any] = {"embedding": embedding([p.text for p in sample], embedder)}
    figures["langchain from_documents"] = langchain(sample)
    figures["pipeline"] = []
    for size in chosen.sizes:
        print(f"ingesting {size} papers", file=sys.stderr, flush=True)
        figures["pipeline"].append(pipeline(papers[:size]))
        if not chosen.no_files:  # a long run that is interrupted keeps the sizes it has done
            _keep(figures)
    print(json.dumps(figures) if chosen.json else json.dumps(figures, indent=1))
    return 0


def _keep(figures: dict[str, Any]) -> None:
    path = record.write("ingest", figures)
    names = ("embedding alone, papers/s", "pipeline, papers/s")
    series = {name: {row["papers"]: row[name] for row in figures["pipeline"]} for name in names}
    charts.lines(series, "papers", "papers a second", path.with_suffix(""))


if __name__ == "__main__":
    sys.exit(main())
