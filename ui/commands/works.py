"""Works on many papers: `table`, `review`, and the jobs that make them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ingestion.errors import AgentError
from ui import console

if TYPE_CHECKING:
    from rag_agent.assistant import Assistant
    from rag_agent.jobs import Job

commands = typer.Typer()
jobs = typer.Typer(
    help="Tables and reviews under way, and those that are done.", no_args_is_help=True
)
Form = Literal["markdown", "csv", "latex", "xlsx"]

Papers = Annotated[
    list[str] | None, typer.Option("--papers", help="Ids of the papers; repeat it, or use commas.")
]
Afresh = Annotated[bool, typer.Option("--afresh", help="Forget what was read before.")]


@commands.command()
def table(
    question: Annotated[
        str, typer.Argument(help='A question, or the columns: "data set; metric; best result".')
    ],
    papers: Papers = None,
    query: Annotated[str, typer.Option(help="Find the papers with this search.")] = "",
    most: Annotated[int, typer.Option("--max", min=1, max=100, help="Papers of the query.")] = 10,
    form: Annotated[Form, typer.Option("--format", help="What is written.")] = "markdown",
    out: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    afresh: Afresh = False,
    as_json: console.Json = False,
) -> None:
    """Compare papers in a table; each cell has its quote. The same command again goes on with it."""
    from rag_agent.tables import Table, making

    if form == "xlsx" and out is None:
        raise AgentError("A workbook needs a file", next_step="Name one with --out FILE.xlsx")
    assistant = console.open_assistant()
    asked = making.arguments(question, _ids(papers), query, most)
    stored = finished(assistant, making.KIND, asked, afresh=afresh)
    if as_json:
        console.print_json(stored)
        return
    _write(Table.from_json(stored), form, out)


@commands.command()
def review(
    topic: Annotated[
        str, typer.Argument(help="A topic or question; or a title, a line end and an abstract.")
    ],
    papers: Papers = None,
    most: Annotated[int, typer.Option("--max", min=1, max=100, help="Most papers found.")] = 30,
    out: Annotated[
        Path | None, typer.Option(help="Write review.md, .html, .tex and .bib to this folder.")
    ] = None,
    afresh: Afresh = False,
    as_json: console.Json = False,
) -> None:
    """Write a literature review; each sentence has its quotes. The same command again goes on with it."""
    from rag_agent.review import documents, writing
    from rag_agent.review.review import Review

    assistant = console.open_assistant()
    asked = writing.arguments(topic, _ids(papers), most)
    stored = finished(assistant, writing.KIND, asked, afresh=afresh)
    if as_json:
        console.print_json(stored)
    made = Review.from_json(stored)
    if out is not None:
        for file in documents.write(made, out):
            console.say(f"written: {file}", error=True)
    elif not as_json:
        console.say(documents.as_markdown(made).rstrip("\n"))


def _write(made: Any, form: Form, out: Path | None) -> None:
    from rag_agent.tables import writing

    if form == "xlsx" and out is not None:
        out.write_bytes(writing.as_xlsx(made))
        return
    texts = {"markdown": writing.as_markdown, "csv": writing.as_csv, "latex": writing.as_latex}
    text = texts[form](made)
    if out is None:
        console.say(text.rstrip("\n"))
    else:
        out.write_text(text, encoding="utf-8")


def finished(
    assistant: "Assistant", kind: str, asked: dict[str, Any], *, afresh: bool
) -> dict[str, Any]:
    """The result of a job: at hand, gone on with, or made now, with its progress on stderr.

    Raises:
        AgentError: It failed, or was stopped.
    """
    job = assistant.jobs.add(kind, asked)
    if afresh:
        assistant.jobs.delete(job.id)
        job = assistant.jobs.add(kind, asked)
    if job.status != "done":
        console.say(f"job {job.id}; the same command goes on with it after a stop", error=True)
        job = _worked(assistant, job)
    result = assistant.jobs.result(job.id)
    if result is None:
        raise AgentError(
            f"The job {job.id} was stopped",
            kept=f"{job.done} of {job.total} parts are kept",
            next_step="The same command goes on with it",
        )
    return result


def _worked(assistant: "Assistant", job: "Job") -> "Job":
    with console.progress() as bar:
        task = bar.add_task(job.kind, total=None)

        def show(now: "Job") -> None:
            bar.update(task, description=_line(now), completed=now.done, total=now.total or None)

        return assistant.work(job.id, show)


def _line(job: "Job") -> str:
    from rich.markup import escape

    left = f", {job.seconds_left / 60:.0f} min left" if job.seconds_left >= 60 else ""
    return escape(f"{job.doing[:70]}{left}") or job.kind


@jobs.command("list")
def jobs_list(as_json: console.Json = False) -> None:
    """Jobs, the latest first."""
    found = _jobs().all()
    if as_json:
        console.print_json({"jobs": [job.as_json() for job in found]})
        return
    for job in found:
        asked = job.arguments.get("question", "")
        console.say(
            f"{job.id}  {job.status}  {job.done} of {job.total}  {job.updated[:16]}  {asked}"
        )


@jobs.command("stop")
def jobs_stop(job: str) -> None:
    """Ask a job that runs, in whichever program, to stop after the part under way."""
    _jobs().stop(job)


@jobs.command("resume")
def jobs_resume(job: str) -> None:
    """Go on with a job that was stopped or killed."""
    assistant = console.open_assistant()
    ended = _worked(assistant, assistant.jobs.get(job))
    console.say(f"{ended.id}  {ended.status}")


@jobs.command("delete")
def jobs_delete(job: str) -> None:
    """Forget a job with all that it read."""
    _jobs().delete(job)


def _jobs() -> Any:
    return console.open_assistant().jobs


def _ids(papers: list[str] | None) -> list[str]:
    return [id_.strip() for given in papers or () for id_ in given.split(",") if id_.strip()]
