"""What every place that keeps jobs keeps to; the same in a folder and in PostgreSQL."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import AgentError, DatabaseUnavailable
from rag_agent.database import Databases
from rag_agent.jobs import FolderJobs, Job, Jobs, PostgresJobs, Run


@pytest.fixture(params=["folder", pytest.param("postgres", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder, or the address of a database."""
    return str(request.getfixturevalue("postgres_url") if request.param == "postgres" else tmp_path)


def jobs_in(place: str) -> Jobs:
    if place.startswith("postgresql:"):
        return PostgresJobs.of_all(Databases(Path(), place))
    return FolderJobs(Path(place))


@pytest.fixture
def jobs(place: str) -> Jobs:
    return jobs_in(place)


def counting(calls: list[str], stop_after: int = 99) -> Any:
    def work(run: Run) -> dict[str, Any]:
        def made_of(key: str) -> Callable[[], str]:
            def make() -> str:
                calls.append(key)
                return key.upper()

            return make

        made = []
        for number, key in enumerate("abcd"):
            run.tell(f"at {key}", number, 4)
            made.append(run.part(key, made_of(key)))
            if number + 1 == stop_after:
                jobs_in(run.arguments["place"]).stop(run.job.id)
        return {"made": made}

    return work


def test_the_same_work_is_the_same_job_and_looking_makes_nothing(jobs: Jobs) -> None:
    assert jobs.all() == []
    first = jobs.add("table", {"b": 1, "a": ["x"]})
    assert jobs.add("table", {"a": ["x"], "b": 1}) == first
    assert jobs.add("table", {"a": ["y"], "b": 1}).id != first.id
    assert [job.id for job in jobs.all()].count(first.id) == 1


def test_a_stopped_job_goes_on_and_repeats_no_part(jobs: Jobs, place: str) -> None:
    calls = list[str]()
    id_ = jobs.add("table", {"place": place}).id
    assert jobs.run(id_, counting(calls, stop_after=2)).status == "stopped"
    assert (calls, jobs.result(id_)) == (["a", "b"], None)
    assert jobs.run(id_, counting(calls)).status == "done"
    assert (calls, jobs.result(id_)) == (["a", "b", "c", "d"], {"made": ["A", "B", "C", "D"]})


def test_progress_names_the_part_and_guesses_the_time_left(jobs: Jobs) -> None:
    seen = list[Job]()
    jobs.run(jobs.add("table", {"home": ""}).id, counting([]), seen.append)
    assert [job.doing for job in seen] == ["at a", "at b", "at c", "at d", ""]
    assert seen[0].seconds_left == -1
    assert seen[3].seconds_left >= 0
    assert seen[-1].status == "done"


def test_a_failure_is_kept_with_its_reason_and_can_be_tried_again(jobs: Jobs) -> None:
    id_ = jobs.add("table", {"home": ""}).id

    def fails(run: Run) -> dict[str, Any]:
        raise AgentError("No model answers", next_step="Start one")

    with pytest.raises(AgentError):
        jobs.run(id_, fails)
    assert (jobs.get(id_).status, jobs.get(id_).error) == ("failed", "No model answers. Start one.")
    assert jobs.run(id_, counting([])).error == ""


KILLED = """
import sys, time
from tests.rag_agent.jobs.test_jobs import jobs_in
jobs = jobs_in(sys.argv[1])
def work(run):
    run.part("a", lambda: "A")
    print("one done", flush=True)
    run.part("b", lambda: time.sleep(60))
jobs.run(sys.argv[2], work)
"""


def test_a_killed_job_is_seen_as_interrupted_and_goes_on(jobs: Jobs, place: str) -> None:
    calls = list[str]()
    id_ = jobs.add("table", {"home": ""}).id
    command = [sys.executable, "-c", KILLED, place, id_]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "one done\n"
        assert jobs.get(id_).status == "running"
        with pytest.raises(AgentError, match="runs already"):
            jobs.run(id_, counting(calls))
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while jobs.get(id_).status == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert jobs.get(id_).status == "interrupted"
    assert [job.status for job in jobs.all()] == ["interrupted"]
    jobs.run(id_, counting(calls))
    assert calls == ["b", "c", "d"]


@pytest.mark.parametrize("look", ["get", "all"])
def test_a_job_that_ends_while_it_is_looked_at_is_done(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    id_ = jobs.add("table", {"home": ""}).id
    at_work, may_end = threading.Event(), threading.Event()

    def work(run: Run) -> dict[str, Any]:
        run.tell("at work", 0, 1)
        at_work.set()
        may_end.wait(10)
        return {}

    worker = threading.Thread(target=jobs.run, args=(id_, work))
    worker.start()
    assert at_work.wait(10)
    is_worked_on = jobs.is_worked_on

    def ends_first(job: Job) -> bool:
        may_end.set()
        worker.join(10)
        return is_worked_on(job)

    monkeypatch.setattr(jobs, "is_worked_on", ends_first)
    seen = jobs.get(id_) if look == "get" else jobs.all()[0]
    assert seen.status == "done"


def test_half_a_line_of_a_killed_process_is_no_part(tmp_path: Path) -> None:
    jobs = FolderJobs(tmp_path)
    calls = list[str]()
    id_ = jobs.add("table", {"home": ""}).id
    jobs.keep_part(id_, "a", "A")
    with (tmp_path / "jobs" / id_ / "parts.jsonl").open("a") as file:
        file.write('["b", "B')
    jobs.run(id_, counting(calls))
    assert calls == ["b", "c", "d"]


@pytest.mark.parametrize("id_", ["none-1", "../../etc", "", "a/b"])
def test_an_unknown_job_is_one_sentence(jobs: Jobs, id_: str) -> None:
    with pytest.raises(AgentError, match="no job"):
        jobs.get(id_)


def test_a_running_job_is_not_deleted_under_its_feet(jobs: Jobs) -> None:
    id_ = jobs.add("table", {"home": ""}).id

    def work(run: Run) -> dict[str, Any]:
        with pytest.raises(AgentError, match="running"):
            jobs.delete(id_)
        return {}

    jobs.run(id_, work)
    jobs.delete(id_)
    assert jobs.all() == []


def test_an_owner_sees_their_own_alone(jobs: Jobs) -> None:
    anna, ben = jobs.of("anna"), jobs.of("ben")
    id_ = anna.add("table", {"home": ""}).id
    anna.run(id_, counting([]))
    assert (ben.all(), jobs.all()) == ([], [])
    with pytest.raises(AgentError, match="no job"):
        ben.result(id_)
    assert ben.add("table", {"home": ""}).id == id_
    assert (ben.get(id_).status, anna.get(id_).status) == ("waiting", "done")
    ben.delete(id_)
    assert anna.result(id_) == {"made": ["A", "B", "C", "D"]}


@pytest.mark.slow
def test_who_lost_the_lock_writes_nothing_more(postgres_url: str) -> None:
    import psycopg

    jobs = jobs_in(postgres_url)
    id_ = jobs.add("table", {}).id

    def work(run: Run) -> dict[str, Any]:
        run.part("a", lambda: "A")
        with psycopg.connect(
            postgres_url, autocommit=True
        ) as other:  # as when the server begins anew
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            )
        run.part("b", lambda: "B")
        return {}

    with pytest.raises(DatabaseUnavailable, match="cannot be used"):
        jobs.run(id_, work)
    assert (jobs.get(id_).status, jobs.parts(id_)) == ("interrupted", {"a": "A"})
    assert jobs.run(id_, lambda run: run.part("b", lambda: {"b": "B"})).status == "done"


def test_a_full_disk_is_a_sentence_and_the_job_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, calls = FolderJobs(tmp_path), list[str]()
    id_ = jobs.add("table", {"home": ""}).id

    def full(self: Path, *arguments: Any, **named: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fills_up(run: Run) -> dict[str, Any]:
        run.part("a", lambda: "A")
        monkeypatch.setattr(Path, "write_text", full)
        return {}

    with pytest.raises(DatabaseUnavailable, match="No space left"):
        jobs.run(id_, fills_up)
    assert jobs.get(id_).status == "interrupted"
    with pytest.raises(DatabaseUnavailable, match="No space left"):
        jobs.add("table", {"home": "another"})
    monkeypatch.undo()
    assert jobs.run(id_, counting(calls)).status == "done"
    assert calls == ["b", "c", "d"]
