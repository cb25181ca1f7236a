"""The command line `arxiv-agent`. Thin: it parses, calls the assistant, and renders."""

import os
import sys
from typing import Annotated

import typer

from ingestion.errors import AgentError
from ui import console
from ui.commands import (
    conversations,
    exchange,
    keys,
    papers,
    planning,
    questions,
    references,
    serving,
    upkeep,
    watches,
    works,
)

app = typer.Typer(
    help="A research assistant for arXiv: answers with verified quotes, code that ran.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (questions, works, papers, references, exchange, serving, upkeep):
    app.add_typer(group.commands)
papers.library.command()(planning.plan)
app.add_typer(papers.library, name="library")
app.add_typer(conversations.commands, name="session")
app.add_typer(works.jobs, name="jobs")
app.add_typer(keys.commands, name="keys")
app.add_typer(watches.commands, name="watch")

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
_debug = False


def main() -> None:
    """Run a command; an error is one sentence and exit code 1, no traceback unless --debug."""
    from pydantic import ValidationError

    try:
        app()
    except (AgentError, OSError, ValidationError) as error:
        if _debug or os.environ.get("ARXIV_AGENT_DEBUG"):
            raise
        console.say(f"error: {error}", error=True)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


@app.callback()
def common(debug: Debug = False) -> None:
    """Options of every command."""
    global _debug
    _debug = debug


if __name__ == "__main__":
    main()
