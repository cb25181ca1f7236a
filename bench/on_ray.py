"""`python -m bench.on_ray FILE…`: the same files by the plain ingest and by Ray, into a Milvus server.

First both ways on this machine with a part of the files, one after the other: what Ray costs. Then, with `--plain HOME`
(a data folder into which `arxiv-agent ingest FILE…` has brought them all), the whole by a Ray cluster of two nodes on
this machine, while an embedding worker is killed, a node goes and the Milvus server is killed and comes back; its
papers, fingerprints and vectors are held against those of the plain way.
"""

import argparse
import gzip
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from bench import record
from bench.library import embedder_in_force, opened, own_server
from bench.milvus_server import MilvusServer, MilvusUnavailable
from ingestion.library import Library
from ingestion.on_ray.run import ingest_on_ray
from ingestion.pipeline import IngestReport, in_batches
from ingestion.settings import StoreSettings
from ingestion.store import Store
from rag_agent.settings import Settings, load_settings

_LOOPBACK = {"node_ip_address": "127.0.0.1"}
_AWAY_S = 5.0


def side_by_side(files: Sequence[Path], count: int) -> dict[str, Any]:
    """Seconds of both ways for the first papers of the files, Ray's start and end included and alone."""
    with TemporaryDirectory() as folder, own_server() as server:
        part = Path(folder) / "part.jsonl"
        part.write_bytes(b"".join(islice(_lines(files), count)))
        figures: dict[str, Any] = {}
        for name in ("plain", "ray", "plain again", "ray again"):
            library = _library(Path(folder) / name.replace(" ", "-"), server)
            started = time.perf_counter()
            report = (
                library.ingest_files([part])
                if name.startswith("plain")
                else ingest_on_ray(
                    [str(part)], library, load_settings().embedding, make_embedder=embedder_in_force
                )
            )
            figures[f"{name}, s"] = round(time.perf_counter() - started, 1)
            figures[f"{name}, without Ray's start and end, s"] = round(report.seconds, 1)
            _say(f"{name}: {figures[f'{name}, s']} s")
            library.store.close()
    ways = {way: figures[f"{way}, s"] + figures[f"{way} again, s"] for way in ("plain", "ray")}
    return figures | {"ray to plain": round(ways["ray"] / ways["plain"], 3)}


def whole(files: Sequence[Path], plain: Path) -> dict[str, Any]:
    """The run with everything killed once, and how its library differs from the plain one."""
    # On loopback, and no worker ended for the memory that other programs take; Ray's spelling.
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    os.environ["RAY_memory_monitor_refresh_ms"] = "0"  # noqa: SIM112
    from ray.cluster_utils import Cluster

    with TemporaryDirectory() as folder, own_server() as server:
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, **_LOOPBACK})
        second = cluster.add_node(num_cpus=2, **_LOOPBACK)
        library = _library(Path(folder) / "home", server)
        reference = opened(plain)
        total = reference.count()
        faults = Faults(
            {
                0.2: ("an embedding worker killed", _kill_a_worker),
                0.4: ("a node gone", lambda: cluster.remove_node(second, allow_graceful=False)),
                0.6: ("the Milvus server killed, started again", partial(_restart, server)),
            },
            total,
        )
        try:
            report = ingest_on_ray(
                [str(file) for file in files],
                library,
                load_settings().embedding,
                cluster.address,
                make_embedder=embedder_in_force,
                on_batch=faults,
            )
        finally:
            cluster.shutdown()
        return {
            "report": report.as_json(),
            "faults": faults.done,
            **differences(reference, library.store),
        }


class Faults:
    """What is broken once a share of the papers is written.

    Args:
        planned: By that share: its name, and what does it.
        total: All papers.
    """

    def __init__(
        self, planned: Mapping[float, tuple[str, Callable[[], object]]], total: int
    ) -> None:
        self._planned = sorted(planned.items())
        self._total = total
        self.done: dict[str, int] = {}
        """Papers that were written when it was done, by name."""

    def __call__(self, report: IngestReport) -> None:
        """Told of each batch."""
        _say(f"{report.new} papers, {report.seconds:.0f} s")
        if self._planned and report.new >= self._planned[0][0] * self._total:
            _, (name, break_it) = self._planned.pop(0)
            break_it()
            self.done[name] = report.new
            _say(name)


def differences(plain: Store, ray: Store) -> dict[str, Any]:
    """Papers of each, how many fingerprints are not the same, and the least cosine of two vectors of one paper."""
    counted = {"papers, plain": plain.count(), "papers, ray": ray.count()}
    ids = sorted(paper.arxiv_id for paper in plain.papers())
    listed = [paper.arxiv_id for paper in ray.papers()]
    other, least = 0, 1.0
    for batch in in_batches(iter(sorted(set(ids) & set(listed))), 1000):
        of_plain, of_ray = plain.fingerprints(batch), ray.fingerprints(batch)
        other += sum(of_plain[id_] != of_ray[id_] for id_ in batch)
        least = min(least, float((plain.vectors(batch) * ray.vectors(batch)).sum(axis=1).min()))
    return counted | {
        "only in one": len(set(ids) ^ set(listed)),
        "more than once": len(listed) - len(set(listed)),
        "other fingerprints": other,
        "least cosine": round(least, 6),
    }


def _kill_a_worker() -> None:
    workers = [each for each in psutil.process_iter(["cmdline"]) if _embeds(each)]
    workers[0].kill()


def _embeds(process: psutil.Process) -> bool:
    return any("Embedding" in word for word in process.info["cmdline"] or ())


def _restart(server: MilvusServer) -> None:
    server.kill()
    threading.Timer(_AWAY_S, server.start).start()


def _lines(files: Sequence[Path]) -> Iterator[bytes]:
    for file in files:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            yield from lines


def _library(home: Path, server: MilvusServer) -> Library:
    """An empty one but for the starter papers."""
    name = "papers_" + home.name.replace("-", "_")
    settings = Settings(home=home, store=StoreSettings(uri=server.uri, collection=name))
    library = Library(settings, embedder_in_force())
    assert library.store.count() >= 0  # opened, with its starter papers
    return library


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 1 where the two libraries differ, 2 without a server."""
    parser = argparse.ArgumentParser(prog="python -m bench.on_ray", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="metadata files")
    parser.add_argument(
        "--papers", type=int, default=8000, help="how many for the comparison of times"
    )
    parser.add_argument(
        "--plain", type=Path, help="data folder that the plain way filled from the files"
    )
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    try:
        kept = record.kept("on-ray")  # each part is long, and is run by itself
        figures = {part: kept.get(part, {}) for part in ("side by side", "whole")}
        if chosen.papers:
            compared = side_by_side(chosen.files, chosen.papers)
            figures["side by side"] |= {f"{chosen.papers:,} papers": compared}
        if chosen.plain:
            figures["whole"] = whole(chosen.files, chosen.plain)
    except MilvusUnavailable as error:
        print(f"there is no server here: {error}", file=sys.stderr)
        return 2
    print(json.dumps(figures, indent=1))
    if not chosen.no_files:
        record.write("on-ray", figures)
    found = figures["whole"] if chosen.plain else {}
    same = not any(
        found.get(what) for what in ("only in one", "more than once", "other fingerprints")
    )
    return 0 if same and found.get("least cosine", 1.0) >= 0.9999 else 1


if __name__ == "__main__":
    sys.exit(main())
