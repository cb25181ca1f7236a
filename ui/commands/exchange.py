"""To and from reference managers and notebooks: `export`, `import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ingestion.errors import AgentError
from ui import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.importing import ImportReport
    from ingestion.paper import Paper
    from ingestion.settings import ZoteroSettings
    from rag_agent.assistant import Assistant
    from rag_agent.conversations.turn import Turn

commands = typer.Typer()
Form = Literal["bibtex", "biblatex", "ris", "csl", "notes"]
_SHOWN = 20  # broken entries on a terminal; --json has all


@commands.command()
def export(
    ids: Annotated[list[str] | None, typer.Argument(help="arXiv ids of papers.")] = None,
    form: Annotated[
        Form, typer.Option("--format", help="notes: Markdown with quotes, a file a paper.")
    ] = "bibtex",
    session: Annotated[str, typer.Option(help="What this conversation cites.")] = "",
    answer: Annotated[
        int, typer.Option(min=0, help="Only what this answer of it cites, from 1.")
    ] = 0,
    collection: console.Collection = "",
    whole: Annotated[bool, typer.Option("--library", help="The whole library.")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Ask arXiv for records that lack authors.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="File to write; for notes a folder.")] = None,
) -> None:
    """Write papers for a reference manager or a notebook."""
    assistant = console.open_assistant()
    named = [*(ids or []), *console.collected(assistant, collection)]
    papers = _chosen(assistant, named, session, answer, whole)
    if complete:
        papers = assistant.library.completed(papers, console.say_wait)
    if form == "notes":
        _write_notes(assistant, papers, out)
        return
    text = assistant.library.references(papers, form, keep_keys=True)
    if out is None:
        console.say(text)
        return
    out.write_text(text + "\n", encoding="utf-8")
    console.say(f"{len(papers)} papers written to {out}", error=True)


@commands.command("import")
def import_(
    files: Annotated[list[Path] | None, typer.Argument(help=".bib or .ris files.")] = None,
    zotero: Annotated[bool, typer.Option("--zotero", help="A Zotero library instead.")] = False,
    local: Annotated[bool, typer.Option("--local", help="The Zotero that runs here.")] = False,
    user: Annotated[str, typer.Option(help="Number of a Zotero user.")] = "",
    group: Annotated[str, typer.Option(help="Number of a Zotero group.")] = "",
    collection: Annotated[str, typer.Option(help="Key of a collection in it.")] = "",
    as_json: console.Json = False,
) -> None:
    """Take the papers of a .bib or RIS file, or of a Zotero library, into the library."""
    from ingestion.importing import import_files, import_zotero

    if not files and not zotero:
        raise AgentError("Nothing to import is named", next_step="Name a file, or say --zotero")
    assistant = console.open_assistant()
    if zotero:
        settings = _zotero(assistant, local=local, user=user, group=group)
        report = import_zotero(settings, assistant.library, collection)
    else:
        report = import_files(files or [], assistant.library)
    if as_json:
        console.print_json(report.as_json())
    else:
        _told(report)


def _chosen(
    assistant: "Assistant", ids: list[str], session: str, answer: int, whole: bool
) -> "list[Paper]":
    from rag_agent.conversations.export import cited_papers

    library = assistant.library
    if whole:
        return sorted(library.store.papers(), key=lambda paper: paper.arxiv_id)
    if session:
        turns: Sequence[Turn] = assistant.conversations.turns(session)
        return cited_papers(turns[answer - 1 : answer] if answer else turns)
    if not ids:
        raise AgentError(
            "No papers are named",
            next_step="Name arXiv ids, --collection NAME, --session NAME, or --library",
        )
    known = library.get(ids)
    if missing := [id_ for id_ in ids if id_ not in known]:
        raise AgentError(
            f"The library has no paper {', '.join(missing[:5])}",
            next_step="`arxiv-agent search` finds ids, `arxiv-agent add ID` takes a paper in",
        )
    return [known[id_] for id_ in ids]


def _write_notes(assistant: "Assistant", papers: "list[Paper]", folder: Path | None) -> None:
    found = assistant.notes(papers)
    if folder is None:
        console.say("\n".join(found.values()))
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in found.items():
        (folder / name).write_text(text, encoding="utf-8")
    console.say(f"{len(found)} notes written to {folder}", error=True)


def _zotero(assistant: "Assistant", *, local: bool, user: str, group: str) -> "ZoteroSettings":
    settings = assistant.settings.zotero
    named = {"library_id": user or group, "library_type": "group" if group else "user"}
    return settings.model_copy(
        update={**(named if user or group else {}), "local": local or settings.local}
    )


def _told(report: "ImportReport") -> None:
    counts, out = report.counts, console.out()
    out.print(
        f"{counts.read:,} entries: {counts.new:,} new papers, {counts.updated:,} completed, "
        f"{counts.unchanged:,} known, {counts.rejected:,} broken"
    )
    for reject in report.broken[:_SHOWN]:
        place = f"{reject.file_name}:{reject.line}" if reject.line else reject.file_name
        said = f": {reject.excerpt[:60]}" if reject.excerpt else ""
        out.print(f"  {place}  {reject.reason}{said}", markup=False)
    if len(report.broken) > _SHOWN:
        out.print(
            f"  and {len(report.broken) - _SHOWN} more in {counts.rejects_file}", markup=False
        )
