"""Charts for the README, each as PNG and SVG beside its result file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PRODUCT, _RIVAL, _OUT = "#2f6db5", "#b0b0b0", "#c8702a"


def retrieval(figures: Mapping[str, Any], path: Path) -> None:
    """nDCG@10 of every system with its interval, best on top; rivals in grey."""
    ordered = sorted(figures["systems"].items(), key=lambda item: item[1]["ndcg@10"]["mean"])
    names = [name.removeprefix("rival ") for name, _ in ordered]
    scores = [metrics["ndcg@10"] for _, metrics in ordered]
    means = [score["mean"] for score in scores]
    spans = [
        [score["mean"] - score["low"] for score in scores],
        [score["high"] - score["mean"] for score in scores],
    ]
    colors = [_RIVAL if name.startswith("rival") else _PRODUCT for name, _ in ordered]
    figure, axes = _figure(0.3 * len(names) + 1)
    axes.barh(names, means, xerr=spans, color=colors, error_kw={"linewidth": 0.8})
    axes.set_xlabel(f"nDCG@10 on {figures['dataset']} (95 % interval); grey: other tools")
    _save(figure, path)


def threshold(figures: Mapping[str, Any], path: Path) -> None:
    """Share of queries for which something passes, by threshold: in the library blue, out of it orange."""
    figure, axes = _figure(3.6)
    for group, color in (("in", _PRODUCT), ("out", _OUT)):
        curves = figures[f"{group}, share that passes"]
        for marker, (name, points) in zip("os^vD", curves.items(), strict=False):
            axes.plot(
                list(map(float, points)),
                list(points.values()),
                color=color,
                marker=marker,
                markersize=4,
                label=f"{group}: {name}",
            )
    axes.axvline(0.5, linestyle=":", color="black", linewidth=0.8)
    axes.set(xlabel="threshold on raw cosine", ylabel="share of queries", ylim=(0, 1.02))
    figure.legend(fontsize=7, loc="outside right upper")
    _save(figure, path)


def lines(
    series: Mapping[str, Mapping[float, float]], x_label: str, y_label: str, path: Path
) -> None:
    """One line a series, x to y, both axes logarithmic."""
    figure, axes = _figure(3.5)
    for name, points in series.items():
        axes.plot(list(points), list(points.values()), marker="o", markersize=3, label=name)
    axes.set(xscale="log", yscale="log", xlabel=x_label, ylabel=y_label)
    axes.grid(alpha=0.3)
    figure.legend(fontsize=7, loc="outside right upper")
    _save(figure, path)


def _figure(height_in: float) -> tuple[Any, Any]:
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "arxiv-agent"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, height_in), layout="constrained")
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    import matplotlib.pyplot as plt

    figure.savefig(path.with_name(path.name + ".svg"), metadata={"Date": None})
    figure.savefig(path.with_name(path.name + ".png"), dpi=110, metadata={"Software": None})
    plt.close(figure)
