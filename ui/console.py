"""What every command shares: the assistant, JSON on stdout, text and progress for a person."""

import json
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ingestion.cleaning import printable
from ingestion.errors import AgentError

if TYPE_CHECKING:
    from rich.console import Console

    from ingestion.machine.weights import Report
    from rag_agent.assistant import Assistant

_NOT_ASCII = re.compile(r"[^\x00-\x7e]")
Collection = Annotated[str, typer.Option(help="Only the papers of this collection.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


Form = Annotated[
    Literal["html", "latex", "pdf"] | None,
    typer.Option(help="Form of the paper that is read; the best at hand where none is named."),
]


def open_assistant(form: str | None = None) -> "Assistant":
    """The assistant of a command; what it downloads and loads is said on stderr.

    Args:
        form: Of papers that is read, in the place of the one that settings name.
    """
    from rag_agent.assistant import Assistant
    from rag_agent.settings import load_settings

    settings = load_settings()
    if form:
        pdf = settings.pdf.model_copy(update={"form": form})
        settings = settings.model_copy(update={"pdf": pdf})
    return Assistant(settings, report=_report())


def collected(assistant: "Assistant", name: str) -> tuple[str, ...]:
    """Ids of a collection's papers; none where no collection is named.

    Raises:
        AgentError: It holds no papers.
    """
    if not name:
        return ()
    if found := assistant.library.collections.papers(name):
        return found
    known = ", ".join(assistant.library.collections.sizes()) or "none yet"
    raise AgentError(f"No papers are in a collection {name!r}", next_step=f"There are: {known}")


def print_json(value: Any) -> None:
    """Print a value as one line of JSON; what acts on a terminal unseen stands there as a JSON escape."""
    print(
        _NOT_ASCII.sub(
            lambda match: match[0] if match[0].isprintable() else json.dumps(match[0])[1:-1],
            json.dumps(value, ensure_ascii=False),
        )
    )


def say(text: str, *, error: bool = False) -> None:
    """Print a line for a person, on stdout or stderr, whoever wrote what stands in it."""
    print(printable(text), file=sys.stderr if error else sys.stdout, flush=True)


def out() -> "Console":
    """Text for a person, on stdout; whatever is printed there is cleaned."""
    return _cleaning(stderr=False)


def err() -> "Console":
    """Text beside the result, on stderr; whatever is printed there is cleaned."""
    return _cleaning(stderr=True)


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
    """Say that arXiv, or another place that papers come from, makes the program wait."""
    say(f"waiting {seconds:.0f} s ({reason})", error=True)


def _cleaning(*, stderr: bool) -> "Console":
    from rich.console import Console

    from ui.cleaned import Cleaned

    console = Console(stderr=stderr, highlight=False)
    console.push_render_hook(Cleaned())
    return console


def _report() -> "Report":
    """Progress of downloads and loading, one line for each thing, only where a person looks on."""
    said: set[tuple[str, int]] = set()

    def report(what: str, share: float) -> None:
        tenth = (what, int(share * 10))
        if tenth not in said:
            said.add(tenth)
            say(f"{what}: {share:.0%}" if share else what, error=True)

    return report
