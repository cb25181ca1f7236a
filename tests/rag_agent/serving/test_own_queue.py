"""The line of jobs of one server, where the disk is full."""

import time
from pathlib import Path
from typing import Any, cast

from ingestion.errors import DatabaseUnavailable
from rag_agent.assistant import Assistant
from rag_agent.jobs.folder import FolderJobs
from rag_agent.serving.works.own_queue import OwnQueue


class FullDisk:
    """An assistant that cannot note that it begins a job, until there is room."""

    def __init__(self, folder: Path) -> None:
        self.jobs = FolderJobs(folder)
        self.has_room = False

    def of(self, user: str) -> "FullDisk":
        return self

    def work(self, id_: str) -> None:
        if not self.has_room:
            raise DatabaseUnavailable("Jobs cannot be written")
        self.jobs.run(id_, lambda run: {"made": 1})


def as_it_ends(queue: OwnQueue, disk: FullDisk, id_: str) -> Any:
    for _ in range(200):
        job = queue.as_it_stands("anna", disk.jobs.get(id_))
        if job.status != "waiting":
            return job
        time.sleep(0.01)
    raise AssertionError("it waits for ever")


def test_a_job_that_cannot_be_begun_does_not_wait_for_ever(tmp_path: Path) -> None:
    disk = FullDisk(tmp_path)
    queue = OwnQueue(cast("Assistant", disk))
    job = queue.add("anna", "table", {"question": "What is the tide?"})
    ended = as_it_ends(queue, disk, job.id)
    assert (ended.status, ended.error) == ("interrupted", "Jobs cannot be written.")

    disk.has_room = True
    again = queue.add("anna", "table", {"question": "What is the tide?"})
    assert again.id == job.id
    assert as_it_ends(queue, disk, job.id).status in ("running", "done")
    assert as_it_ends(queue, disk, job.id).error == ""
