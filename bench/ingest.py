"""`python -m bench.ingest`: abstracts a second, embedding alone and the whole pipeline, and memory.

- embedding: our encoder, in the warm process that all programs share, against `SentenceTransformer.encode`
  with its defaults, on the same texts;
- pipeline: metadata files to a searchable library that grows from size to size, and right after each size
  the same encoder alone on papers of that stretch: the share of its speed that the pipeline reaches;
- stored: the same without embedding (random vectors), which shows what the rest costs at sizes whose
  embedding takes hours;
- langchain: HuggingFaceEmbeddings and Milvus.from_documents with their defaults, over the same papers.

Ratios are taken within one run, so that they hold on a busy machine too.
"""

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import charts, langchain_ingest, record
from bench.library import TemporaryLibrary
from bench.rivals import MODEL
from ingestion.embedding import Embedder
from ingestion.embedding.shared import SharedEmbedder
from ingestion.machine import loopback_service, weights
from ingestion.paper import Paper
from ingestion.pipeline import BATCH, ingest
from ingestion.settings import EmbeddingSettings
from ingestion.sources.metadata_files import Reject, read_papers
from rag_agent.settings import home_folder

FILES = "../shared/data/arxiv"
_ALONE = 1024  # texts embedded for the comparison after each size
Vectors = NDArray[np.float32]


class _RandomEmbedder:
    """An embedder that takes no time: random vectors."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        made = self._random.standard_normal((len(texts), 384), np.float32)
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def embedding(texts: Sequence[str], embedder: Embedder) -> dict[str, float]:
    """Texts a second of both encoders, fp32 default against ours, and the cosines between them."""
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(weights.resolve(MODEL, home_folder())), device="cpu")
    plain.encode(list(texts[:8]))
    embedder.encode(texts[:8])
    default, default_s = _timed(lambda: plain.encode(list(texts), normalize_embeddings=True))
    ours, ours_s = _timed(lambda: embedder.encode(texts))
    cosines: Vectors = (np.asarray(default) * ours).sum(axis=1)
    return {
        "texts": len(texts),
        "default encode, texts/s": round(len(texts) / default_s, 1),
        "ours, texts/s": round(len(texts) / ours_s, 1),
        "times the default": round(default_s / ours_s, 2),
        "least cosine to fp32": round(float(cosines.min()), 4),
        "mean cosine to fp32": round(float(cosines.mean()), 4),
    }


def pipeline(
    files: Sequence[Path], sizes: Sequence[int], embedder: Embedder | None
) -> Iterator[dict[str, float]]:
    """Ingest a growing share of the files; per size what its part took, and the memory at its peak."""
    used_embedder: Any = embedder or _RandomEmbedder()
    found, written = iter(read_papers(files)), 0
    with TemporaryLibrary() as library:
        used_embedder.encode(["warm"])
        for size in sizes:
            texts: list[str] = []
            with _memory(library) as used:
                stretch = _until(found, size - written, texts)
                report = ingest(stretch, library.store, used_embedder, library.home, source="bench")
            written += report.new
            speed = report.new / report.seconds
            row = {"papers": written, "new": report.new, "pipeline, papers/s": round(speed, 1)}
            if embedder:
                alone = _alone(embedder, texts)
                row["embedding alone, papers/s"] = round(alone, 1)
                row["share of embedding alone"] = round(speed / alone, 3)
            yield {**row, **used, "disk, MB": round(library.store.size_bytes() / 1e6)}


def _alone(embedder: Embedder, texts: Sequence[str]) -> float:
    """Texts a second of the encoder on an even sample, in batches as the pipeline gives them."""
    sample = texts[:: max(1, len(texts) // _ALONE)][:_ALONE]
    _, took_s = _timed(lambda: [embedder.encode(batch) for batch in _cut(sample, BATCH)])
    return len(sample) / took_s


def _cut(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _until(
    found: Iterator[Paper | Reject], papers: int, texts: list[str]
) -> Iterator[Paper | Reject]:
    while papers and (item := next(found, None)) is not None:
        if isinstance(item, Paper):
            papers -= 1
            texts.append(item.text)
        yield item


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = call()
    return result, time.perf_counter() - started


@contextmanager
def _memory(library: TemporaryLibrary) -> Iterator[dict[str, float]]:
    """Resident MB at their peaks: this process (reading, writing), the model's, the store's owner."""
    done = threading.Event()
    used = {"own memory, MB": 0.0, "memory of the model, MB": 0.0, "memory of the owner, MB": 0.0}

    def look() -> None:
        for name, pid in zip(used, _processes(library), strict=True):
            used[name] = max(used[name], _resident_mb(pid))

    def watch() -> None:
        while not done.wait(0.5):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield used
    finally:
        done.set()
        watcher.join()
        look()


def _processes(library: TemporaryLibrary) -> tuple[int, int, int]:
    """Process ids of this program, the embedding model and the library's owner; 0 for one that is not there."""
    announced = [*(home_folder() / "run").glob("embedding-*.json")]
    models = [service.pid for path in announced if (service := loopback_service.find(path))]
    owner = loopback_service.find(library.home / "library" / "owner.json")
    return os.getpid(), models[-1] if models else 0, owner.pid if owner else 0


def _resident_mb(pid: int) -> float:
    import psutil

    try:
        return round(psutil.Process(pid).memory_info().rss / 1e6) if pid else 0.0
    except psutil.NoSuchProcess:
        return 0.0


def files_of(folder: Path) -> list[Path]:
    """A folder's *-20k.jsonl.gz files, in the order of their names."""
    return sorted(folder.glob("*-20k.jsonl.gz"))


def papers_of(folder: Path, count: int) -> list[Paper]:
    """The first `count` papers of these files."""
    found = read_papers(files_of(folder)) if files_of(folder) else iter(())
    return list(islice((item for item in found if isinstance(item, Paper)), count))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where the papers are missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(FILES), help="folder of *-20k.jsonl.gz")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000, 20_000])
    parser.add_argument("--stored", type=int, nargs="*", default=[1000, 10_000, 20_000, 100_000])
    parser.add_argument("--sample", type=int, default=500, help="papers for the comparisons")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    sample = papers_of(chosen.data, chosen.sample)
    if not sample:
        print(f"no *-20k.jsonl.gz in {chosen.data}; name a folder with --data", file=sys.stderr)
        return 2
    embedder = SharedEmbedder(EmbeddingSettings(), home_folder())
    figures: dict[str, Any] = {"embedding": embedding([p.text for p in sample], embedder)}
    figures["langchain"] = langchain_ingest.measure(sample)
    for name, sizes, used in (
        ("pipeline", chosen.sizes, embedder),
        ("stored", chosen.stored, None),
    ):
        figures[name] = []
        for row in pipeline(files_of(chosen.data), sorted(sizes), used):
            print(f"{name}: {row}", file=sys.stderr, flush=True)
            figures[name].append(row)
            if not chosen.no_files:  # a long run that is interrupted keeps the sizes it has done
                _keep(figures)
    print(json.dumps(figures) if chosen.json else table(figures))
    return 0


def table(figures: dict[str, Any]) -> str:
    """The figures as lines of text."""
    lines = [f"{name}: {figures[name]}" for name in ("embedding", "langchain")]
    for name in ("pipeline", "stored"):
        rows = figures[name]
        lines += [name, "".join(f"{key:>27}" for key in (rows[0] if rows else ()))]
        lines += ["".join(f"{value:>27}" for value in row.values()) for row in rows]
    return "\n".join(lines)


def _keep(figures: dict[str, Any]) -> None:
    path = record.write("ingest", figures)
    series = {
        label: {row["papers"]: row[key] for row in figures.get(name, ())}
        for label, name, key in (
            ("embedding", "pipeline", "embedding alone, papers/s"),
            ("whole pipeline", "pipeline", "pipeline, papers/s"),
            ("all but embedding", "stored", "pipeline, papers/s"),
        )
    }
    charts.lines(series, "papers in the library", "papers a second", path.with_suffix(""))


if __name__ == "__main__":
    sys.exit(main())
