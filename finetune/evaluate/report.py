"""Scores as a table and as a picture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def table(scores: Mapping[str, Any]) -> str:
    """A Markdown table of every metric and model, the signatures below it."""
    models = scores["models"]
    head = ["metric", *models, *(f"{who} − {models[0]}" for who in models[1:]), "rows"]
    lines = [_row(head), _row(["---"] * len(head))]
    for metric in scores["metrics"].values():
        cells = [_cell(metric["models"][who]) for who in models]
        gains = [_cell(metric["gain"][who], sign="+") for who in models[1:]]
        lines.append(_row([metric["title"], *cells, *gains, str(metric["rows"])]))
    lines += ["", "95 % bootstrap intervals over rows in brackets, paired for differences."]
    lines += [
        f"- {metric['title']}: `{metric['signature']}`" for metric in scores["metrics"].values()
    ]
    lines.append(
        f"- Generated greedily by {scores['backend']}, at most {scores['max_new_tokens']} new tokens"
        f" (HumanEval {scores['humaneval_max_new_tokens']})."
    )
    return "\n".join(lines) + "\n"


def plot_scores(scores: Mapping[str, Any], picture: Path) -> None:
    """Draw every metric of every model as bars with their intervals."""
    from matplotlib.figure import Figure

    metrics = list(scores["metrics"].values())
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(scores["models"])
    for position, who in enumerate(scores["models"]):
        found = [metric["models"][who] for metric in metrics]
        heights = [score["value"] for score in found]
        below = [max(0.0, score["value"] - score["low"]) for score in found]
        above = [max(0.0, score["high"] - score["value"]) for score in found]
        places = [number + position * width for number in range(len(metrics))]
        axes.bar(places, heights, width, yerr=[below, above], capsize=2, label=who)
    axes.set_xticks(
        [number + 0.4 - width / 2 for number in range(len(metrics))],
        [metric["title"].replace(", ", ",\n") for metric in metrics],
        fontsize=6,
    )
    axes.set_ylim(0, 1)
    axes.legend()
    figure.savefig(picture, dpi=110)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(score: Mapping[str, float], sign: str = "") -> str:
    return f"{score['value']:{sign}.4f} [{score['low']:{sign}.4f}, {score['high']:{sign}.4f}]"
