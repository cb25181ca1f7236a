"""Asking: `ask`, `chat`, `code`."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ingestion.errors import AgentError
from ui import console

if TYPE_CHECKING:
    from rag_agent.answer import Answer
    from rag_agent.events import Event

commands = typer.Typer()
Agent = Literal["graph", "tools"]


@commands.command()
def ask(
    question: Annotated[str, typer.Argument(help="In English or Chinese.")],
    paper: Annotated[
        str, typer.Option(help="Answer from this paper's full text: its arXiv id.")
    ] = "",
    session_name: Annotated[
        str, typer.Option("--session", help="Conversation it belongs to.")
    ] = "",
    collection: console.Collection = "",
    form: console.Form = None,
    agent: Annotated[
        Agent, typer.Option(help="graph (fixed steps) or tools (the model chooses).")
    ] = "graph",
    as_json: console.Json = False,
) -> None:
    """Answer one question with verified citations."""
    from rag_agent.stream import answer_of

    assistant = console.open_assistant(form)
    only = console.collected(assistant, collection)
    events = assistant.ask(question, session=session_name, paper=paper, driver=agent, only=only)
    if as_json:
        console.print_json(answer_of(events).as_json())
    else:
        _shown(events)


@commands.command()
def chat(
    session_name: Annotated[
        str, typer.Option("--session", help="Conversation to go on with.")
    ] = "",
) -> None:
    """Ask and follow up in the terminal."""
    from ui.terminal import show

    assistant = console.open_assistant()
    name = session_name or f"{datetime.now():%Y-%m-%d %H:%M:%S}"
    out, err = console.out(), console.err()
    past = len(assistant.conversations.turns(name))
    out.print(
        f"Session “{name}”, {past} earlier questions. Empty line or Ctrl-D ends.", markup=False
    )
    while question := _input("\n> "):
        out.print()
        show(assistant.ask(question, session=name), out, err)


@commands.command()
def code(
    request: Annotated[str, typer.Argument(help="What to build.")],
    paper: Annotated[str, typer.Option(help="arXiv id of the paper it is from.")] = "",
    run: Annotated[
        bool, typer.Option("--run/--no-run", help="Run the program in the sandbox.")
    ] = True,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write the program to this file.")
    ] = None,
    edit: Annotated[
        bool, typer.Option("--edit", help="Edit the instruction before the program is written.")
    ] = False,
    as_json: console.Json = False,
) -> None:
    """Write a program from papers, run it, check it."""
    from rag_agent.asking.state import CodeOptions
    from rag_agent.stream import answer_of

    options = CodeOptions(edit=_edit if edit else None, run=run)
    assistant = console.open_assistant()
    events = assistant.ask(request, paper=paper, route="code", code_options=options)
    answer = answer_of(events) if as_json else _shown(events)
    if answer.code is None:
        raise AgentError("No program was written: " + " ".join(answer.notices))
    if out_file is not None:
        out_file.write_text(answer.code.program, encoding="utf-8")
    if as_json:
        console.print_json(answer.code.as_json())
    if run and answer.code.verdict == "failed":
        raise typer.Exit(1)


def _shown(events: Iterator["Event"]) -> "Answer":
    """The answer, shown as it comes about."""
    from ui.terminal import show

    answer = show(events, console.out(), console.err())
    if answer is None:
        raise typer.Exit(1)
    return answer


def _edit(text: str) -> str:
    import click

    edited = click.edit(text, extension=".md")
    return text if edited is None else edited


def _input(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError:
        return ""
