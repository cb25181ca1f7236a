"""Watched topics: `watch add`, `run`, `list`, `show`, `remove`."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import AgentError
from ui import console

if TYPE_CHECKING:
    from ingestion.watches.watch import Digest, Watch

commands = typer.Typer(help="Topics to watch: what is new, told once.", no_args_is_help=True)


@commands.command("add")
def watch_add(
    topic: Annotated[str, typer.Argument(help="What to watch, in your words.")],
    category: Annotated[
        str, typer.Option(help="arXiv category (cs.LG) or archive (cs); all of arXiv without.")
    ] = "",
    days: Annotated[
        int, typer.Option(min=0, max=365, help="How far back the first digest looks.")
    ] = 7,
) -> None:
    """Watch a topic from now on; `watch run` tells what is new."""
    from ingestion.sources.arxiv_api import check_category

    if not topic.strip():
        raise AgentError("A topic needs a word", next_step='`watch add "graph neural networks"`')
    first_day = datetime.now(UTC).date() - timedelta(days=days)
    watch = _book().add(topic.strip(), check_category(category) if category else "", first_day)
    console.out().print(f"{_line(watch)}; `arxiv-agent watch run` looks for it", markup=False)


@commands.command("list")
def watch_list(as_json: console.Json = False) -> None:
    """The watched topics, with their numbers."""
    watches = _book().watches()
    if as_json:
        console.print_json({"watches": [_as_json(watch) for watch in watches]})
        return
    for watch in watches:
        console.out().print(_line(watch), markup=False)
    console.out().print(f"{len(watches)} watched")


@commands.command("remove")
def watch_remove(number: Annotated[int, typer.Argument(help="As `watch list` shows it.")]) -> None:
    """Watch a topic no longer. Its papers stay in the library, its digests in their files."""
    if not _book().remove(number):
        raise AgentError(f"There is no watch {number}", next_step="`arxiv-agent watch list`")
    console.out().print(f"{number} removed")


@commands.command("run")
def watch_run(as_json: console.Json = False) -> None:
    """Ask arXiv what is new on the watched topics, take it in, and tell it. Made for cron."""
    from ingestion.watches.running import run_watches

    assistant = console.open_assistant()
    with console.progress() as progress:
        task = progress.add_task("asking arXiv", total=None)
        run = run_watches(
            _book(),
            assistant.library,
            assistant.embedder,
            threshold=assistant.settings.retrieval.threshold,
            on_wait=console.say_wait,
            on_page=lambda category, n: progress.update(task, description=f"{n:,} records"),
        )
    folder = assistant.settings.home / "digests"
    if as_json:
        digests = [_digest_as_json(digest) for digest in run.digests]
        console.print_json(
            {"digests": digests, "notices": run.notices, "records": run.seen, "folder": str(folder)}
        )
        return
    for digest in run.digests:
        _show(digest)
    for notice in run.notices:
        console.say(f"note: {notice} The next run goes on there.", error=True)
    new = sum(len(digest.items) for digest in run.digests)
    where = f"; kept in {folder}" if run.digests else ""
    console.out().print(f"{new} new, {run.seen:,} records read{where}", markup=False)


@commands.command("show")
def watch_show(
    last: Annotated[int, typer.Option(min=1, max=100, help="How many digests.")] = 5,
    as_json: console.Json = False,
) -> None:
    """The latest digests, the newest last."""
    from ingestion.watches.running import digest_of

    library = console.open_assistant().library
    digests = [digest_of(noted, library) for noted in _book().digests(delivered=True, limit=last)]
    if as_json:
        console.print_json({"digests": [_digest_as_json(digest) for digest in digests]})
        return
    for digest in digests:
        _show(digest)


def _book() -> Any:
    from ingestion.watches.book import WatchBook
    from rag_agent.settings import load_settings

    return WatchBook(load_settings().home)


def _line(watch: "Watch") -> str:
    where = watch.category or "all of arXiv"
    return f"{watch.number:3}  {watch.topic}  ({where}, asked up to {watch.since})"


def _show(digest: "Digest") -> None:
    out = console.out()
    watch = digest.watch
    head = f"{watch.topic}{f' in {watch.category}' if watch.category else ''}, {digest.at:%Y-%m-%d}"
    out.print(f"\n{head}: {len(digest.items)} new", markup=False, style="bold")
    for item in digest.items:
        paper = item.paper
        authors = ", ".join(paper.authors[:3]) + (" …" if len(paper.authors) > 3 else "")
        out.print(f"  {item.nearness:.2f}  {paper.arxiv_id}  {paper.title}", markup=False)
        out.print(f"        {authors}, {paper.published or paper.year}", markup=False, style="dim")
        if item.beside:
            out.print(f"        beside your “{item.beside}”", markup=False, style="dim")


def _as_json(watch: "Watch") -> dict[str, Any]:
    return {
        "number": watch.number,
        "topic": watch.topic,
        "category": watch.category,
        "first_day": watch.first_day.isoformat(),
        "asked_up_to": watch.since.isoformat(),
    }


def _digest_as_json(digest: "Digest") -> dict[str, Any]:
    return {
        "number": digest.number,
        "watch": _as_json(digest.watch),
        "at": digest.at.isoformat(),
        "papers": [
            {
                "arxiv_id": item.paper.arxiv_id,
                "title": item.paper.title,
                "url": item.paper.url,
                "nearness": round(item.nearness, 3),
                "beside": item.beside,
            }
            for item in digest.items
        ],
    }
