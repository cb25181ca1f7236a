"""What every command shares: the assistant, JSON on stdout, text and progress for a person."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from ingestion.machine.weights import Report
    from rag_agent.assistant import Assistant

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def open_assistant() -> "Assistant":
    """The assistant of a command; what it downloads and loads is said on stderr."""
    from rag_agent.assistant import Assistant
    from rag_agent.settings import load_settings

    return Assistant(load_settings(), report=_report())


def print_json(value: Any) -> None:
    """Print a value as one line of JSON."""
    print(json.dumps(value, ensure_ascii=False))


def out() -> "Console":
    """Text for a person, on stdout."""
    from rich.console import Console

    return Console(highlight=False)


def err() -> "Console":
    """Text beside the result, on stderr."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def progress() -> Any:
    """A bar that goes when the work is done, on stderr."""
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=err(),
        transient=True,
    )


def say_wait(seconds: float, reason: str) -> None:
    """Say that arXiv makes the program wait."""
    print(f"waiting for arXiv, {seconds:.0f} s ({reason})", file=sys.stderr, flush=True)


def _report() -> "Report":
    """Progress of downloads and loading, one line for each thing, only where a person looks on."""
    said: set[tuple[str, int]] = set()

    def report(what: str, share: float) -> None:
        tenth = (what, int(share * 10))
        if tenth not in said:
            said.add(tenth)
            print(f"{what}: {share:.0%}" if share else what, file=sys.stderr, flush=True)

    return report
