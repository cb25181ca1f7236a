"""Papers: `ingest`, `search`, `fetch`, `add`, `papers`, `delete`, `library stats`."""

from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from ingestion.errors import AgentError
from ingestion.machine.user_path import user_path
from ui import console

commands = typer.Typer()
library = typer.Typer(help="What the library holds.", no_args_is_help=True)
SearchMode = Literal["dense", "keyword", "hybrid"]
SourceName = Literal["arxiv", "oai", "openreview", "acl", "semantic-scholar", "openalex"]


@commands.command()
def ingest(
    paths: Annotated[
        list[str], typer.Argument(help=".jsonl, .jsonl.gz or .json files, or folders.")
    ],
    ray: Annotated[
        str,
        typer.Option(
            help="Let Ray do the work: on this machine, or on the cluster at this address (auto, host:6379). "
            "Files may then be in object storage (s3://…).",
            is_flag=False,
            flag_value="local",
            metavar="[ADDRESS]",
        ),
    ] = "",
    as_json: console.Json = False,
) -> None:
    """Bring arXiv metadata files into the library."""
    assistant = console.open_assistant()
    metrics = None
    if assistant.settings.telemetry.metrics:
        from rag_agent.telemetry.metrics import IngestFile

        metrics = IngestFile(assistant.settings.home)
    with console.progress() as progress:
        task = progress.add_task("reading", total=None)

        def on_progress(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        def on_batch(report: Any) -> None:
            rate = report.read / max(report.seconds, 1e-9)
            progress.update(task, description=f"{report.read:,} read, {rate:.0f}/s")
            if metrics:
                metrics.told(report)

        if ray:
            from ingestion.on_ray.run import ingest_on_ray

            embedding = assistant.settings.embedding
            report = ingest_on_ray(paths, assistant.library, embedding, ray, on_batch=on_batch)
        else:
            files = [user_path(path) for path in paths]
            report = assistant.library.ingest_files(files, on_progress, on_batch)
    if metrics:
        metrics.told(report)  # also where no batch was written
    if as_json:
        console.print_json(report.as_json())
        return
    out = console.out()
    out.print(
        f"{report.read:,} read: {report.new:,} new, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.rejected:,} rejected; {report.embedded:,} embedded in {report.seconds:.1f} s"
    )
    for reason, count in report.reasons.most_common():
        out.print(f"  {count:,} rejected: {reason}", markup=False)
    if report.rejects_file:
        out.print(f"  rejects: {report.rejects_file}", markup=False)


@commands.command()
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
    as_json: console.Json = False,
) -> None:
    """Search the library."""
    from ingestion.store.collection import Filters

    assistant = console.open_assistant()
    retrieval = assistant.settings.retrieval
    wanted = mode or retrieval.mode
    least = retrieval.threshold if threshold is None else threshold
    english = assistant.in_english(query)
    hits = assistant.search(
        english,
        k=k,
        mode=wanted,
        threshold=least,
        filters=Filters(category, author, from_year, to_year),
    )
    if as_json:
        found = [hit.as_json() for hit in hits]
        console.print_json({"query": query, "mode": wanted, "threshold": least, "hits": found})
        return
    from rag_agent.asking.planning import language_of
    from ui.terminal import show_hits
    from ui.texts import text

    if language_of(query) != "en":
        told = "not_translated" if english == query else "translated"
        console.say(text("zh", told, query=english), error=True)
    show_hits(hits, least, console.out())


@commands.command()
def fetch(
    keywords: Annotated[str, typer.Argument(help="Words to search for.")],
    source: Annotated[SourceName, typer.Option(help="Where to search.")] = "arxiv",
    max_papers: Annotated[int, typer.Option("--max", min=1, max=1000, help="Most papers.")] = 10,
    newest: Annotated[
        bool, typer.Option("--newest", help="Newest first instead of most relevant.")
    ] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of submission.")
    ] = None,
    category: Annotated[
        str, typer.Option(help="arXiv category or archive; elsewhere the venue or field.")
    ] = "",
    pdf: Annotated[bool, typer.Option("--pdf", help="Download the full texts too.")] = False,
    as_json: console.Json = False,
) -> None:
    """Take papers from arXiv, or from another place, into the library."""
    assistant = console.open_assistant()
    papers, report = assistant.library.fetch(
        keywords,
        max_papers=max_papers,
        newest=newest or since is not None,
        since=since.date() if since else None,
        category=category or None,
        pdfs=pdf,
        source=source,
        on_wait=console.say_wait,
    )
    if as_json:
        console.print_json({**report.as_json(), "arxiv_ids": [paper.arxiv_id for paper in papers]})
        return
    for paper in papers:
        console.out().print(f"{paper.arxiv_id}  {paper.title} ({paper.year})", markup=False)
    console.out().print(f"{len(papers)} papers, {report.new} new, {report.updated} updated")


@commands.command()
def add(
    given: Annotated[
        list[str],
        typer.Argument(help="Files (.html, .tex, .tar.gz, .pdf, .md, .txt), arXiv ids or titles."),
    ],
    form: console.Form = None,
    as_json: console.Json = False,
) -> None:
    """Bring single papers in: files of your own, or by id or title from arXiv."""
    assistant = console.open_assistant(form)
    results = [assistant.add(one, console.say_wait) for one in given]
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
        console.print_json({"added": rows})
    else:
        for added in results:
            what = f"{added.paper.arxiv_id}  {added.paper.title}" if added.paper else "not added"
            console.out().print(f"{added.given}: {what} ({added.detail})", markup=False)
    if any(added.paper is None for added in results):
        raise typer.Exit(1)


@commands.command()
def papers(as_json: console.Json = False) -> None:
    """List the papers whose full text is at hand, each with the form that is read."""
    from ingestion.fulltext.forms import NAMES, form_of

    assistant = console.open_assistant()
    found = assistant.library.at_hand()
    if as_json:
        rows = [
            {"arxiv_id": p.arxiv_id, "title": p.title, "form": form_of(f), "file": str(f)}
            for p, f in found
        ]
        console.print_json({"papers": rows})
        return
    for paper, file in found:
        form = NAMES[form_of(file) or "pdf"]
        console.out().print(f"{paper.arxiv_id:20} {form:9} {paper.title}  {file}", markup=False)
    console.out().print(f"{len(found)} papers")


@commands.command()
def delete(arxiv_id: Annotated[str, typer.Argument(help="Id of the paper.")]) -> None:
    """Remove a paper and its PDFs from the library."""
    assistant = console.open_assistant()
    if not assistant.library.delete(arxiv_id):
        raise AgentError(
            f"The library has no paper {arxiv_id}", next_step="`arxiv-agent search` finds ids"
        )
    console.out().print(f"{arxiv_id} removed", markup=False)


@library.command()
def stats(as_json: console.Json = False) -> None:
    """Papers by year and category, size, embedding model, last ingest."""
    from ingestion.pipeline import past_ingests
    from ingestion.store.census import take_census

    assistant = console.open_assistant()
    census = take_census(assistant.library.store)
    info, size = assistant.library.store.info, assistant.library.store.size_bytes()
    last = [past for past in past_ingests(assistant.settings.home) if past["source"] != "starter"]
    facts = {
        "papers": census.papers,
        "by_origin": dict(census.origins),
        "by_year": dict(sorted(census.years.items())),
        "by_category": dict(census.categories.most_common()),
        "size_bytes": size,
        "store": info.uri,
        "embedding_model": info.embedding_model,
        "dim": info.dim,
        "last_ingest": last[-1] if last else None,
    }
    if as_json:
        console.print_json(facts)
        return
    out = console.out()
    where = f"{size / 1e6:,.0f} MB in {info.uri}" if size else f"at {info.uri}"
    out.print(
        f"{census.papers:,} papers, {where}; {info.embedding_model} ({info.dim} dimensions)",
        markup=False,
    )
    by_year = sorted(census.years.items())
    out.print("  ".join(f"{name}: {count:,}" for name, count in census.origins.items()))
    out.print("by year: " + ", ".join(f"{year} {count:,}" for year, count in by_year))
    by_category = census.categories.most_common(15)
    out.print("by category: " + ", ".join(f"{name} {count:,}" for name, count in by_category))
    if last:
        out.print(
            f"last ingest: {last[-1]['at']} {last[-1]['source']}, {last[-1]['new']:,} new",
            markup=False,
        )
