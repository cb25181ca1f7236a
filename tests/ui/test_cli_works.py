"""`table` and `jobs` as a user types them, over papers in memory and a scripted reader."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rag_agent.jobs import FolderJobs, Job
from rag_agent.tables import making
from tests.papers import LIGHTHOUSE
from tests.rag_agent.asking.desk import Desk, desk
from ui import cli, console

REPLY = "The surface error of the lens was 0.8 micrometres."


class Works:
    """Stands for the assistant: its jobs are worked on at a desk."""

    def __init__(self, home: Path, services: Desk) -> None:
        self.jobs = FolderJobs(home)
        self.services = services

    def work(self, job: str, on_progress: Any) -> Job:
        return self.jobs.run(job, lambda run: making.make_table(run, self.services), on_progress)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Works:
    works = Works(tmp_path, desk(REPLY, "NOT STATED"))
    monkeypatch.setattr(console, "open_assistant", lambda form=None: works)
    return works


def test_a_table_is_printed_and_the_same_command_asks_nothing_again(works: Works) -> None:
    command = ("table", "surface error; diet", "--papers", LIGHTHOUSE.arxiv_id)
    first = run(*command)
    assert first.exit_code == 0, first.output
    assert "0.8 micrometres. [1] | not stated |" in first.stdout
    assert run(*command).stdout == first.stdout
    (job,) = json.loads(run("jobs", "list", "--json").stdout)["jobs"]
    assert (job["status"], job["done"], job["total"]) == ("done", 1, 2)


def test_each_format_is_written_to_a_file(works: Works, tmp_path: Path) -> None:
    command = ("table", "surface error; diet", "--papers", LIGHTHOUSE.arxiv_id)
    for form in ("csv", "latex", "xlsx", "markdown"):
        file = tmp_path / f"table.{form}"
        assert run(*command, "--format", form, "--out", str(file)).exit_code == 0
        assert file.stat().st_size > 100
    assert run(*command, "--format", "xlsx").exit_code == 1


def test_a_stopped_job_is_resumed_and_deleted_by_its_id(works: Works) -> None:
    job = works.jobs.add(making.KIND, making.arguments("diet", [LIGHTHOUSE.arxiv_id]))
    works.services.reader.replies[:] = ["NOT STATED"]  # type: ignore[union-attr]
    assert "done" in run("jobs", "resume", job.id).stdout
    assert run("jobs", "stop", job.id).exit_code == 0
    assert run("jobs", "delete", job.id).exit_code == 0
    assert run("jobs", "list").stdout == ""
