import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import AgentError
from rag_agent.jobs import Job, Jobs, Run


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
                Jobs(run.arguments["home"] and Path(run.arguments["home"])).stop(run.job.id)
        return {"made": made}

    return work


def test_the_same_work_is_the_same_job_and_looking_makes_nothing(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    assert jobs.all() == []
    assert not (tmp_path / "jobs").exists()
    first = jobs.add("table", {"b": 1, "a": ["x"]})
    assert jobs.add("table", {"a": ["x"], "b": 1}) == first
    assert jobs.add("table", {"a": ["y"], "b": 1}).id != first.id
    assert [job.id for job in jobs.all()].count(first.id) == 1


def test_a_stopped_job_goes_on_and_repeats_no_part(tmp_path: Path) -> None:
    jobs, calls = Jobs(tmp_path), list[str]()
    id_ = jobs.add("table", {"home": str(tmp_path)}).id
    assert jobs.run(id_, counting(calls, stop_after=2)).status == "stopped"
    assert (calls, jobs.result(id_)) == (["a", "b"], None)
    assert jobs.run(id_, counting(calls)).status == "done"
    assert (calls, jobs.result(id_)) == (["a", "b", "c", "d"], {"made": ["A", "B", "C", "D"]})


def test_progress_names_the_part_and_guesses_the_time_left(tmp_path: Path) -> None:
    jobs, seen = Jobs(tmp_path), list[Job]()
    jobs.run(jobs.add("table", {"home": ""}).id, counting([]), seen.append)
    assert [job.doing for job in seen] == ["at a", "at b", "at c", "at d", ""]
    assert seen[0].seconds_left == -1
    assert seen[3].seconds_left >= 0
    assert seen[-1].status == "done"


def test_a_failure_is_kept_with_its_reason_and_can_be_tried_again(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    id_ = jobs.add("table", {"home": ""}).id

    def fails(run: Run) -> dict[str, Any]:
        raise AgentError("No model answers", next_step="Start one")

    with pytest.raises(AgentError):
        jobs.run(id_, fails)
    assert (jobs.get(id_).status, jobs.get(id_).error) == ("failed", "No model answers. Start one.")
    assert jobs.run(id_, counting([])).error == ""


KILLED = """
import sys, time
from pathlib import Path
from rag_agent.jobs import Jobs
jobs = Jobs(Path(sys.argv[1]))
def work(run):
    run.part("a", lambda: "A")
    print("one done", flush=True)
    run.part("b", lambda: time.sleep(60))
jobs.run(sys.argv[2], work)
"""


def test_a_killed_job_is_seen_as_interrupted_and_goes_on(tmp_path: Path) -> None:
    jobs, calls = Jobs(tmp_path), list[str]()
    id_ = jobs.add("table", {"home": ""}).id
    command = [sys.executable, "-c", KILLED, str(tmp_path), id_]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "one done\n"
        assert jobs.get(id_).status == "running"
        with pytest.raises(AgentError, match="runs already"):
            jobs.run(id_, counting(calls))
        os.kill(process.pid, signal.SIGKILL)
    time.sleep(0.05)
    assert jobs.get(id_).status == "interrupted"
    jobs.run(id_, counting(calls))
    assert calls == ["b", "c", "d"]


def test_half_a_line_of_a_killed_process_is_no_part(tmp_path: Path) -> None:
    jobs, calls = Jobs(tmp_path), list[str]()
    id_ = jobs.add("table", {"home": ""}).id
    jobs.keep_part(id_, "a", "A")
    with (tmp_path / "jobs" / id_ / "parts.jsonl").open("a") as file:
        file.write('["b", "B')
    jobs.run(id_, counting(calls))
    assert calls == ["b", "c", "d"]


@pytest.mark.parametrize("id_", ["none-1", "../../etc", "", "a/b"])
def test_an_unknown_job_is_one_sentence(tmp_path: Path, id_: str) -> None:
    with pytest.raises(AgentError, match="no job"):
        Jobs(tmp_path).get(id_)


def test_a_running_job_is_not_deleted_under_its_feet(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    id_ = jobs.add("table", {"home": ""}).id

    def work(run: Run) -> dict[str, Any]:
        with pytest.raises(AgentError, match="running"):
            jobs.delete(id_)
        return {}

    jobs.run(id_, work)
    jobs.delete(id_)
    assert jobs.all() == []
