"""Conversations kept on disk: `session list`, `rename`, `delete`, `export`."""

from typing import TYPE_CHECKING

import typer

from ingestion.errors import AgentError
from ui import console

if TYPE_CHECKING:
    from rag_agent.assistant import Assistant

commands = typer.Typer(help="Conversations kept on disk.", no_args_is_help=True)


@commands.command("list")
def session_list(as_json: console.Json = False) -> None:
    """Conversations, the latest first."""
    assistant = console.open_assistant()
    found = assistant.sessions()
    if as_json:
        from dataclasses import asdict

        console.print_json({"sessions": [asdict(one) for one in found]})
        return
    for one in found:
        console.out().print(
            f"{one.name}  {one.turns} questions, {one.updated[:16]}  {one.title}", markup=False
        )


@commands.command("rename")
def session_rename(name: str, title: str) -> None:
    """Give a conversation another title."""
    assistant = console.open_assistant()
    assistant.rename_session(_known(assistant, name), title)


@commands.command("delete")
def session_delete(name: str) -> None:
    """Forget a conversation for good."""
    assistant = console.open_assistant()
    assistant.delete_session(_known(assistant, name))


@commands.command("export")
def session_export(name: str, as_json: console.Json = False) -> None:
    """Print a conversation as Markdown with BibTeX, or as JSON."""
    assistant = console.open_assistant()
    name = _known(assistant, name)
    if as_json:
        console.print_json({"session": name, "turns": assistant.turns(name)})
    else:
        console.say(assistant.export_session(name))


def _known(assistant: "Assistant", name: str) -> str:
    if any(one.name == name for one in assistant.sessions()):
        return name
    raise AgentError(
        f"No session is called {name!r}", next_step="`arxiv-agent session list` shows them"
    )
