"""`python -m bench.growth`: time and memory against library size, and what 3 million papers would take.

Reads bench/results/latency.json and ingest.json, which hold what was measured. The projection is a straight
line through the two largest sizes measured (the smallest and the largest where noise lets it fall), drawn
dashed and marked as extrapolated: exact search and BM25 read every vector and every posting, so their time
grows with the library; so do memory and disk. What a cluster of Milvus servers would do is not extrapolated,
since no cluster was measured.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bench import charts, record

_GOAL = 3_000_000
Points = dict[float, float]


def projected(points: Points, goal: float) -> float:
    """The value at `goal` on the line through the two largest sizes measured.

    Where the largest came out quicker than the one before, which is noise, through the smallest and largest.
    """
    ordered = sorted(points.items())
    (x0, y0), (x1, y1) = ordered[-2:]
    if y1 < y0:
        x0, y0 = ordered[0]
    return y1 + (y1 - y0) / (x1 - x0) * (goal - x1)


def measured(latency: Mapping[str, Any], ingest: Mapping[str, Any]) -> dict[str, Points]:
    """Series by name, each from papers to a value."""
    rows = latency["sizes"]
    series = {
        f"{way}, p50 ms": {row["papers"]: row["ways, ms"][way]["p50"] for row in rows}
        for way in ("dense", "keyword", "search, hybrid", "Milvus server, dense")
        if all(way in row["ways, ms"] for row in rows)
    }
    for name in ("memory of the owner, MB", "disk, MB", "start and open, s"):
        series[name] = {row["papers"]: row[name] for row in rows}
    per_paper_s = 1 / ingest["pipeline"][-1]["pipeline, papers/s"]
    sizes = [row["papers"] for row in ingest["pipeline"]]
    series["ingest, h"] = {size: round(size * per_paper_s / 3600, 3) for size in sizes}
    return series


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 2 where a result file is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--no-files", action="store_true", help="write nothing to bench/results")
    chosen = parser.parse_args(arguments)
    try:
        latency, ingest = (
            json.loads((record.RESULTS / f"{name}.json").read_text())
            for name in ("latency", "ingest")
        )
    except FileNotFoundError as error:
        print(f"{error.filename} is missing: run bench.latency and bench.ingest", file=sys.stderr)
        return 2
    series = measured(latency, ingest)
    figures = {
        "measured": series,
        f"extrapolated to {_GOAL}": {
            name: round(projected(points, _GOAL), 1)
            for name, points in series.items()
            if len(points) > 1
        },
    }
    if not chosen.no_files:
        _draw(series, record.write("growth", figures))
    print(json.dumps(figures) if chosen.json else table(figures))
    return 0


def table(figures: Mapping[str, Any]) -> str:
    """Measured and extrapolated values as lines of text."""
    extrapolated = figures[f"extrapolated to {_GOAL}"]
    return "\n".join(
        f"{name:28}"
        + ", ".join(f"{papers}: {value}" for papers, value in points.items())
        + (f"; extrapolated to {_GOAL}: {extrapolated[name]}" if name in extrapolated else "")
        for name, points in figures["measured"].items()
    )


def _draw(series: Mapping[str, Points], path: Any) -> None:
    drawn = {}
    for name in ("dense, p50 ms", "search, hybrid, p50 ms", "memory of the owner, MB"):
        points = series.get(name, {})
        drawn[name] = points
        if len(points) > 1:
            last = max(points)
            goal = projected(points, _GOAL)
            drawn[f"{name}, extrapolated"] = {last: points[last], _GOAL: goal}
    charts.lines(drawn, "papers in the library", "ms or MB", path.with_suffix(""))


if __name__ == "__main__":
    sys.exit(main())
