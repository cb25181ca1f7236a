"""Conversations on disk: LangGraph's checkpoints in one SQLite file, a thread a session."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.bibtex import bibtex
from ingestion.errors import AgentError
from ingestion.machine.private_folder import make_private
from ingestion.paper import Paper
from rag_agent.citation import cited_paper


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation: its name (the key), title, number of turns, and when it was last used (ISO)."""

    name: str
    title: str
    turns: int
    updated: str


def open_checkpointer(home: Path) -> Any:
    """LangGraph's SQLite checkpointer on `home/sessions.sqlite`, usable from any thread."""
    from langgraph.checkpoint.sqlite import SqliteSaver

    make_private(home)
    file = home / "sessions.sqlite"
    file.touch(mode=0o600)
    connection = sqlite3.connect(file, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    saver = SqliteSaver(connection)
    saver.setup()
    return saver


def list_sessions(checkpointer: Any) -> list[Session]:
    """All sessions that have a turn, the latest first."""
    sessions: dict[str, Session] = {}
    for item in checkpointer.list(None):  # newest checkpoint first
        name = item.config["configurable"]["thread_id"]
        values = item.checkpoint["channel_values"]
        turns = values.get("turns") or []
        if name not in sessions and turns:
            title = values.get("title") or turns[0]["question"]
            sessions[name] = Session(name, title, len(turns), item.checkpoint["ts"])
    return sorted(sessions.values(), key=lambda session: session.updated, reverse=True)


def as_markdown(title: str, turns: Sequence[dict[str, Any]]) -> str:
    """A session as Markdown: questions, answers with their quotes, and BibTeX of all papers cited."""
    lines = [f"# {title}", ""]
    papers: dict[str, Paper] = {}
    for turn in turns:
        answer = turn["answer"]
        lines += [f"## {turn['question']}", "", answer["answer"] or "No answer was found.", ""]
        for claim in answer["claims"]:
            for citation in claim["citations"]:
                papers.setdefault(citation["arxiv_id"], cited_paper(citation))
                page = f", p. {citation['page']}" if citation["page"] else ""
                quote = " ".join(citation["quote"].split())
                lines.append(
                    f"- [{citation['key']}] {citation['title']}{page} {citation['url']}: “{quote}”"
                )
        if answer.get("code"):
            lines += ["", "```python", answer["code"].get("program", "").rstrip(), "```"]
        lines.append("")
    if papers:
        lines += ["## References", "", "```bibtex"]
        lines += [bibtex(*papers.values()), "```", ""]
    return "\n".join(lines)


def checked_name(name: str) -> str:
    """A session name that is safe as a key: 1 to 80 characters without control characters.

    Raises:
        AgentError: It is not.
    """
    name = name.strip()
    if not 0 < len(name) <= 80 or any(ord(character) < 32 for character in name):
        raise AgentError(
            "A session name has 1 to 80 printable characters", next_step="Choose another"
        )
    return name
