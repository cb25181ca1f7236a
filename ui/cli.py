"""The command line `arxiv-agent`. Thin: it parses, calls the assistant, and renders."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ingestion.errors import AgentError

if TYPE_CHECKING:
    from rich.console import Console

    from ingestion.weights import Report
    from rag_agent.answer import Answer
    from rag_agent.assistant import Assistant
    from rag_agent.events import Event

app = typer.Typer(
    help="A research assistant for arXiv: answers with verified quotes, code that ran.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
library = typer.Typer(help="What the library holds.", no_args_is_help=True)
session = typer.Typer(help="Conversations kept on disk.", no_args_is_help=True)
app.add_typer(library, name="library")
app.add_typer(session, name="session")

SearchMode = Literal["dense", "keyword", "hybrid"]
Agent = Literal["graph", "tools"]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
_debug = False


def main() -> None:
    """Run a command; an error is one sentence and exit code 1, no traceback unless --debug."""
    from pydantic_core import ValidationError

    try:
        app()
    except (AgentError, OSError, ValidationError) as error:
        if _debug or os.environ.get("ARXIV_AGENT_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


@app.callback()
def common(debug: Debug = False) -> None:
    """Options of every command."""
    global _debug
    _debug = debug


@app.command()
def setup() -> None:
    """Download the weights and make the library with its starter papers. Nothing is done twice."""
    with _assistant() as assistant:
        assistant.warm_up()
        _err().print(f"ready: {assistant.store.count():,} papers in {assistant.settings.home}")


@app.command()
def ingest(
    paths: Annotated[
        list[Path], typer.Argument(help=".jsonl, .jsonl.gz or .json files, or folders.")
    ],
    as_json: Json = False,
) -> None:
    """Bring arXiv metadata files into the library."""
    with _assistant() as assistant, _progress() as progress:
        task = progress.add_task("reading", total=None)

        def on_progress(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        def on_batch(report: Any) -> None:
            rate = report.read / max(report.seconds, 1e-9)
            progress.update(task, description=f"{report.read:,} read, {rate:.0f}/s")

        report = assistant.ingest_files(paths, on_progress, on_batch)
    if as_json:
        _print_json(report.as_json())
        return
    out = _out()
    out.print(
        f"{report.read:,} read: {report.new:,} new, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.rejected:,} rejected; {report.embedded:,} embedded in {report.seconds:.1f} s"
    )
    for reason, count in report.reasons.most_common():
        out.print(f"  {count:,} rejected: {reason}", markup=False)
    if report.rejects_file:
        out.print(f"  rejects: {report.rejects_file}", markup=False)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Papers shown.")] = 10,
    mode: Annotated[SearchMode | None, typer.Option(help="How to search.")] = None,
    threshold: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Least cosine that passes.")
    ] = None,
    category: Annotated[str, typer.Option(help="arXiv category (cs.CL) or archive (cs).")] = "",
    author: Annotated[str, typer.Option(help="Words of an author's name.")] = "",
    from_year: Annotated[int, typer.Option("--from", min=0, help="First year.")] = 0,
    to_year: Annotated[int, typer.Option("--to", min=0, help="Last year.")] = 0,
    as_json: Json = False,
) -> None:
    """Search the library."""
    from ingestion.store import Filters

    with _assistant() as assistant:
        retrieval = assistant.settings.retrieval
        wanted = mode or retrieval.mode
        if wanted not in ("dense", "keyword", "hybrid"):
            raise typer.BadParameter(
                f"{mode!r} is not dense, keyword or hybrid", param_hint="--mode"
            )
        least = retrieval.threshold if threshold is None else threshold
        hits = assistant.search(
            query,
            k=k,
            mode=wanted,
            threshold=least,
            filters=Filters(category, author, from_year, to_year),
        )
    if as_json:
        found = [hit.as_json() for hit in hits]
        _print_json({"query": query, "mode": wanted, "threshold": least, "hits": found})
        return
    from ui.terminal import show_hits

    show_hits(hits, least, _out())


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In English or Chinese.")],
    paper: Annotated[
        str, typer.Option(help="Answer from this paper's full text: its arXiv id.")
    ] = "",
    session_name: Annotated[
        str, typer.Option("--session", help="Conversation it belongs to.")
    ] = "",
    agent: Annotated[
        Agent, typer.Option(help="graph (fixed steps) or tools (the model chooses).")
    ] = "graph",
    as_json: Json = False,
) -> None:
    """Answer one question with verified citations."""
    with _assistant() as assistant:
        events = assistant.ask(question, session=session_name, paper=paper, driver=agent)
        if as_json:
            _print_json(_finished(events).as_json())
        else:
            _shown(events)


@app.command()
def chat(
    session_name: Annotated[
        str, typer.Option("--session", help="Conversation to go on with.")
    ] = "",
) -> None:
    """Ask and follow up in the terminal."""
    from ui.terminal import show

    with _assistant() as assistant:
        name = session_name or f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        out, err = _out(), _err()
        past = len(assistant.turns(name))
        out.print(
            f"Session “{name}”, {past} earlier questions. Empty line or Ctrl-D ends.", markup=False
        )
        while question := _input("\n> "):
            out.print()
            show(assistant.ask(question, session=name), out, err)


@app.command()
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
    as_json: Json = False,
) -> None:
    """Write a program from papers, run it, check it."""
    from rag_agent.steps import CodeOptions

    options = CodeOptions(edit=_edit if edit else None, run=run)
    with _assistant() as assistant:
        events = assistant.ask(request, paper=paper, route="code", code_options=options)
        answer = _finished(events) if as_json else _shown(events)
    if answer.code is None:
        raise AgentError("No program was written: " + " ".join(answer.notices))
    if out_file is not None:
        out_file.write_text(answer.code["program"], encoding="utf-8")
    if as_json:
        _print_json(answer.code)
    if run and answer.code["verdict"] == "failed":
        raise typer.Exit(1)


@app.command()
def fetch(
    keywords: Annotated[str, typer.Argument(help="Words to search arXiv for.")],
    max_papers: Annotated[int, typer.Option("--max", min=1, max=1000, help="Most papers.")] = 10,
    newest: Annotated[
        bool, typer.Option("--newest", help="Newest first instead of most relevant.")
    ] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of submission.")
    ] = None,
    category: Annotated[str, typer.Option(help="arXiv category or archive.")] = "",
    pdf: Annotated[bool, typer.Option("--pdf", help="Download the PDFs too.")] = False,
    as_json: Json = False,
) -> None:
    """Take papers from arXiv into the library."""
    with _assistant() as assistant:
        papers, report = assistant.fetch(
            keywords,
            max_papers=max_papers,
            newest=newest or since is not None,
            since=since.date() if since else None,
            category=category or None,
            pdfs=pdf,
            on_wait=_say_wait,
        )
    if as_json:
        _print_json({**report.as_json(), "arxiv_ids": [paper.arxiv_id for paper in papers]})
        return
    for paper in papers:
        _out().print(f"{paper.arxiv_id}  {paper.title} ({paper.year})", markup=False)
    _out().print(f"{len(papers)} papers, {report.new} new, {report.updated} updated")


@app.command()
def add(
    given: Annotated[list[str], typer.Argument(help="PDF files, arXiv ids or titles.")],
    as_json: Json = False,
) -> None:
    """Bring single papers in: local PDFs, or by id or title from arXiv."""
    with _assistant() as assistant:
        results = [assistant.add(one, _say_wait) for one in given]
    if as_json:
        rows = [
            {
                "given": added.given,
                "arxiv_id": added.paper.arxiv_id if added.paper else None,
                "title": added.paper.title if added.paper else None,
                "detail": added.detail,
            }
            for added in results
        ]
        _print_json({"added": rows})
    else:
        for added in results:
            what = f"{added.paper.arxiv_id}  {added.paper.title}" if added.paper else "not added"
            _out().print(f"{added.given}: {what} ({added.detail})", markup=False)
    if any(added.paper is None for added in results):
        raise typer.Exit(1)


@app.command()
def papers(as_json: Json = False) -> None:
    """List the PDFs at hand."""
    with _assistant() as assistant:
        found = assistant.papers_at_hand()
    if as_json:
        _print_json(
            {
                "papers": [
                    {"arxiv_id": p.arxiv_id, "title": p.title, "file": str(f)} for p, f in found
                ]
            }
        )
        return
    for paper, file in found:
        _out().print(f"{paper.arxiv_id:20} {paper.title}  {file}", markup=False)
    _out().print(f"{len(found)} PDFs")


@app.command()
def delete(arxiv_id: Annotated[str, typer.Argument(help="Id of the paper.")]) -> None:
    """Remove a paper and its PDFs from the library."""
    with _assistant() as assistant:
        if not assistant.delete(arxiv_id):
            raise AgentError(
                f"The library has no paper {arxiv_id}", next_step="`arxiv-agent search` finds ids"
            )
    _out().print(f"{arxiv_id} removed", markup=False)


@library.command()
def stats(as_json: Json = False) -> None:
    """Papers by year and category, size, embedding model, last ingest."""
    from collections import Counter

    from ingestion.pipeline import past_ingests

    with _assistant() as assistant:
        years: Counter[int] = Counter()
        categories: Counter[str] = Counter()
        origins: Counter[str] = Counter()
        for year, names, origin in assistant.store.histogram():
            years[year] += 1
            categories[names[0] if names else "none"] += 1
            origins[origin] += 1
        info, size = assistant.store.info, assistant.store.size_bytes()
        last = [
            past for past in past_ingests(assistant.settings.home) if past["source"] != "starter"
        ]
    facts = {
        "papers": years.total(),
        "by_origin": dict(origins),
        "by_year": dict(sorted(years.items())),
        "by_category": dict(categories.most_common()),
        "size_bytes": size,
        "store": info.uri,
        "embedding_model": info.embedding_model,
        "dim": info.dim,
        "last_ingest": last[-1] if last else None,
    }
    if as_json:
        _print_json(facts)
        return
    out = _out()
    where = f"{size / 1e6:,.0f} MB in {info.uri}" if size else f"at {info.uri}"
    out.print(
        f"{years.total():,} papers, {where}; {info.embedding_model} ({info.dim} dimensions)",
        markup=False,
    )
    out.print("  ".join(f"{name}: {count:,}" for name, count in origins.items()))
    out.print("by year: " + ", ".join(f"{year} {count:,}" for year, count in sorted(years.items())))
    out.print(
        "by category: "
        + ", ".join(f"{name} {count:,}" for name, count in categories.most_common(15))
    )
    if last:
        out.print(
            f"last ingest: {last[-1]['at']} {last[-1]['source']}, {last[-1]['new']:,} new",
            markup=False,
        )


@session.command("list")
def session_list(as_json: Json = False) -> None:
    """Conversations, the latest first."""
    with _assistant() as assistant:
        found = assistant.sessions()
    if as_json:
        from dataclasses import asdict

        _print_json({"sessions": [asdict(one) for one in found]})
        return
    for one in found:
        _out().print(
            f"{one.name}  {one.turns} questions, {one.updated[:16]}  {one.title}", markup=False
        )


@session.command("rename")
def session_rename(name: str, title: str) -> None:
    """Give a conversation another title."""
    with _assistant() as assistant:
        assistant.rename_session(_known(assistant, name), title)


@session.command("delete")
def session_delete(name: str) -> None:
    """Forget a conversation for good."""
    with _assistant() as assistant:
        assistant.delete_session(_known(assistant, name))


@session.command("export")
def session_export(name: str, as_json: Json = False) -> None:
    """Print a conversation as Markdown with BibTeX, or as JSON."""
    with _assistant() as assistant:
        name = _known(assistant, name)
        if as_json:
            _print_json({"session": name, "turns": assistant.turns(name)})
        else:
            print(assistant.export_session(name))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check what is installed, the weights, the library, the sandbox and arXiv."""
    from dataclasses import asdict

    from rag_agent.settings import load_settings
    from ui.doctor import checks

    marks = {"ok": "ok     ", "warning": "warning", "problem": "problem"}
    found = []
    for check in checks(load_settings()):
        found.append(check)
        if not as_json:
            print(f"{marks[check.state]}  {check.name}: {check.detail}")
            if check.mend:
                print(f"         → {check.mend}")
    if as_json:
        _print_json({"checks": [asdict(check) for check in found]})
    if any(check.state == "problem" for check in found):
        raise typer.Exit(1)


@app.command()
def settings(as_json: Json = False) -> None:
    """Print every setting in force and where its value comes from."""
    from rag_agent.settings import load_settings, origins

    found = origins(load_settings(), {})
    if as_json:
        _print_json(
            {
                name: {"value": _plain(value), "from": where}
                for name, (value, where) in found.items()
            }
        )
        return
    for name, (value, where) in found.items():
        print(f"{name:28} {_plain(value)!s:40} {where}")


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8501,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback are your risk.")
    ] = "127.0.0.1",
) -> None:
    """Open the chat page."""
    from ui.web.server import serve

    serve(host, port)


@contextmanager
def _assistant() -> Iterator["Assistant"]:
    from rag_agent.assistant import Assistant
    from rag_agent.settings import load_settings

    yield Assistant(load_settings(), report=_report())


def _finished(events: Iterator["Event"]) -> "Answer":
    """The answer that a stream ends with, without showing anything."""
    for event in events:
        if event.kind == "answered":
            return event.answer
        if event.kind == "failed":
            raise AgentError(event.what, kept=event.kept, next_step=event.next_step)
    raise AgentError("The question ended without an answer", next_step="Ask again")


def _shown(events: Iterator["Event"]) -> "Answer":
    """The answer, shown as it comes about."""
    from ui.terminal import show

    answer = show(events, _out(), _err())
    if answer is None:
        raise typer.Exit(1)
    return answer


def _report() -> "Report":
    """Progress of downloads and loading, one line for each thing, only where a person looks on."""
    said: set[tuple[str, int]] = set()

    def report(what: str, share: float) -> None:
        tenth = (what, int(share * 10))
        if tenth not in said:
            said.add(tenth)
            print(f"{what}: {share:.0%}" if share else what, file=sys.stderr, flush=True)

    return report


def _progress() -> Any:
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
        console=_err(),
        transient=True,
    )


def _say_wait(seconds: float, reason: str) -> None:
    print(f"waiting for arXiv, {seconds:.0f} s ({reason})", file=sys.stderr, flush=True)


def _edit(text: str) -> str:
    import click

    edited = click.edit(text, extension=".md")
    return text if edited is None else edited


def _known(assistant: "Assistant", name: str) -> str:
    if any(one.name == name for one in assistant.sessions()):
        return name
    raise AgentError(
        f"No session is called {name!r}", next_step="`arxiv-agent session list` shows them"
    )


def _input(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError:
        return ""


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, dict)) else str(value)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False))


def _out() -> "Console":
    from rich.console import Console

    return Console(highlight=False)


def _err() -> "Console":
    from rich.console import Console

    return Console(stderr=True, highlight=False)


if __name__ == "__main__":
    main()
