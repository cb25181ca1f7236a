"""Finished jobs as files: reviews and tables in the forms in which the command line and the page give them."""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import Response

from ingestion.bibliography import exported
from ingestion.errors import AgentError
from rag_agent.jobs import Job
from rag_agent.review import documents
from rag_agent.review import writing as reviewing
from rag_agent.review.review import Review
from rag_agent.tables import Table, making, writing

Form = Literal["markdown", "html", "latex", "bibtex", "csv", "xlsx"]
Write = Callable[[Any], str | bytes]

_READ: dict[str, Callable[[dict[str, Any]], Any]] = {
    reviewing.KIND: Review.from_json,
    making.KIND: Table.from_json,
}
_WRITE: dict[str, dict[Form, Write]] = {
    reviewing.KIND: {
        "markdown": documents.as_markdown,
        "html": documents.as_html,
        "latex": documents.as_latex,
        "bibtex": lambda review: exported(review.papers),
    },
    making.KIND: {
        "markdown": writing.as_markdown,
        "latex": writing.as_latex,
        "bibtex": lambda table: exported(table.papers),
        "csv": writing.as_csv,
        "xlsx": writing.as_xlsx,
    },
}
_AS: dict[Form, tuple[str, str]] = {
    "markdown": (".md", "text/markdown"),
    "html": (".html", "text/html"),
    "latex": (".tex", "application/x-latex"),
    "bibtex": (".bib", "application/x-bibtex"),
    "csv": (".csv", "text/csv"),
    "xlsx": (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
"""Suffix and media type of each form."""


def file_of(job: Job, result: dict[str, Any] | None, form: Form) -> Response:
    """A finished job as a file to be kept: no browser shows what papers say as a page of this server.

    Raises:
        AgentError: It is not done, or its kind has no such form.
    """
    if result is None:
        raise AgentError(f"The job {job.id} is {job.status}", next_step="Ask again when it is done")
    writers = _WRITE.get(job.kind, {})
    write = writers.get(form)
    if write is None:
        forms = ", ".join(writers) or "its result, which is plain JSON"
        raise AgentError(f"A {job.kind} is not written as {form}", next_step=f"Ask for {forms}")
    content = write(_READ[job.kind](result))
    suffix, media_type = _AS[form]
    kept_as = {"Content-Disposition": f'attachment; filename="{job.kind}{suffix}"'}
    return Response(content, media_type=media_type, headers=kept_as)
