"""Metrics for Prometheus (the extra `server`): of requests, questions, jobs, models and ingests."""

import os
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingestion.machine.packages import needed
from ingestion.machine.private_folder import make_private
from rag_agent.telemetry.spans import Ended, Figures

# A search takes some 0.02 s, an answer of the embedded model some 10 s, a question at most 180 s.
_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
INGESTED = ("new", "updated", "unchanged", "rejected", "embedded")


class Metrics:
    """The counts of one process. Labels are of closed sets: routes, statuses, names of spans.

    Raises:
        AgentError: The Prometheus client is not installed.
    """

    def __init__(self) -> None:
        with needed("Prometheus"):
            import prometheus_client as prometheus

        self._registry = registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=registry)

        def counter(name: str, what: str, *labels: str) -> Any:
            return prometheus.Counter(f"arxiv_agent_{name}", what, labels, registry=registry)

        def seconds(name: str, what: str, *labels: str) -> Any:
            name = f"arxiv_agent_{name}_seconds"
            return prometheus.Histogram(name, what, labels, registry=registry, buckets=_SECONDS)

        self._requests = counter("requests", "Requests answered or refused", "route", "status")
        self._request_seconds = seconds("request", "From a request to its last byte", "route")
        self._spans = seconds("span", "Steps, model calls, checks, questions and jobs", "name")
        self._failures = counter("span_failures", "Of these, ended by an error", "name", "error")
        self._questions = counter("questions", "Questions by what came of them", "verdict")
        self._tokens = counter("model_tokens", "Tokens that models read and wrote", "kind")
        self._jobs = counter("jobs", "Runs of jobs that ended", "kind", "status")
        self._ingested = counter("ingested_papers", "Papers of ingests", "outcome")
        self._under_way = prometheus.Gauge(
            "arxiv_agent_requests_under_way", "Requests worked on now", registry=registry
        )
        self._last_batch = prometheus.Gauge(
            "arxiv_agent_ingest_last_batch_timestamp_seconds",
            "When the last batch was written",
            registry=registry,
        )

    def __call__(self, name: str, holds: bool) -> Ended:
        """Told of a span; see `Watcher`."""
        began = time.perf_counter()

        def end(figures: Figures, error: str) -> None:
            self._spans.labels(name).observe(time.perf_counter() - began)
            if error:
                self._failures.labels(name, error).inc()
            match name:
                case "question":
                    self._questions.labels(figures.get("verdict", "failed")).inc()
                case "model":
                    self._tokens.labels("read").inc(figures.get("prompt_tokens", 0))
                    self._tokens.labels("written").inc(figures.get("completion_tokens", 0))
                case "job":
                    self._jobs.labels(figures.get("kind", ""), figures.get("status", "")).inc()
                case "ingest":
                    self.ingested({key: int(figures.get(key, 0)) for key in INGESTED})

        return end

    def request_begun(self) -> None:
        """Count a request that is worked on."""
        self._under_way.inc()

    def request_ended(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered, or refused; the route as it is declared, without what it was asked."""
        self._under_way.dec()
        self._requests.labels(route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def ingested(self, papers: Mapping[str, int]) -> None:
        """Count papers of an ingest by what became of them."""
        for outcome, number in papers.items():
            self._ingested.labels(outcome).inc(number)
        self._last_batch.set_to_current_time()

    def page(self) -> tuple[bytes, str]:
        """What Prometheus reads, and its media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def write(self, file: Path) -> None:
        """Write the same to a file, whole or not at all."""
        make_private(file.parent)
        part = file.with_name(f"{file.name}.{os.getpid()}")
        part.write_bytes(self.page()[0])
        part.replace(file)


class IngestFile:
    """Metrics of one ingest in a file, for node_exporter's textfile collector: no server runs for them.

    Args:
        home: Data folder; the file is `metrics/ingest.prom` in it.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / "metrics" / "ingest.prom"
        self._metrics = Metrics()
        self._told: Counter[str] = Counter()

    def told(self, report: Any) -> None:
        """Write what an ingest has done so far; see `IngestReport`."""
        so_far = Counter({outcome: getattr(report, outcome) for outcome in INGESTED})
        self._metrics.ingested(
            {outcome: so_far[outcome] - self._told[outcome] for outcome in INGESTED}
        )
        self._told = so_far
        self._metrics.write(self._file)
