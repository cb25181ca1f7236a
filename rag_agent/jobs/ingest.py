"""The job that brings metadata files into the library: a part a file, and within a file it goes on where it was."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingestion.errors import AgentError
from ingestion.library import Library
from ingestion.pipeline import IngestReport
from rag_agent.jobs.run import Run
from rag_agent.telemetry import span

KIND = "ingest"


def arguments(names: Sequence[str], folder: Path | None) -> dict[str, Any]:
    """What makes an ingest the same: the files by name, size and time; one that was changed is another job.

    Args:
        names: Of files in the folder.
        folder: Where files may be; None: nowhere.

    Raises:
        AgentError: A file is not there, or not in the folder.
    """
    if folder is None:
        raise AgentError(
            "This server ingests no files", next_step="Set ARXIV_AGENT_SERVE__INCOMING to a folder"
        )
    return {"files": [_file(name, folder) for name in names]}


def ingest(run: Run, library: Library, folder: Path | None) -> dict[str, Any]:
    """Bring the files in; the report of each by its name."""
    reports, files = {}, run.arguments["files"]
    for number, file in enumerate(files):
        name = file["name"]

        def told(report: IngestReport, name: str = name, number: int = number) -> None:
            run.tell(f"{name}: {report.read} read", number, len(files))

        def made(name: str = name) -> dict[str, Any]:
            with span("ingest") as figures:
                report = library.ingest_files([_place(name, folder)], on_batch=told)
                figures |= {
                    outcome: getattr(report, outcome)
                    for outcome in ("new", "updated", "unchanged", "rejected", "embedded")
                }
            return report.as_json()

        run.tell(name, number, len(files))
        reports[name] = run.part(name, made)
    return {"files": reports}


def _file(name: str, folder: Path) -> dict[str, Any]:
    place = _place(name, folder)
    try:
        stat = place.stat()
    except OSError as error:
        raise AgentError(f"There is no file {name[:200]!r} to ingest") from error
    return {"name": name, "bytes": stat.st_size, "modified": int(stat.st_mtime)}


def _place(name: str, folder: Path | None) -> Path:
    """The file of a name, which leads to nowhere outside of the folder."""
    if folder is not None and "\0" not in name:
        place = (folder / name).resolve()
        if place.is_relative_to(folder.resolve()):
            return place
    raise AgentError(f"There is no file {name[:200]!r} to ingest")
