"""Routes of long jobs: begun, looked at, cancelled; their results."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from rag_agent.assistant import Assistant
from rag_agent.jobs import Job
from rag_agent.review import writing
from rag_agent.serving.operations import MOST_ARGUMENT, MOST_ROWS, MOST_TOPIC, PaperId
from rag_agent.serving.works import files
from rag_agent.serving.works.queue import JobQueue
from rag_agent.tables import making


class TableRequest(BaseModel):
    """A comparison table: rows are papers, columns what is asked."""

    question: Annotated[str, Field(min_length=1, max_length=MOST_ARGUMENT)]
    papers: Annotated[list[PaperId], Field(max_length=MOST_ROWS)] = []
    query: Annotated[str, Field(max_length=MOST_ARGUMENT)] = ""
    max_papers: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 10


class ReviewRequest(BaseModel):
    """A literature review of a topic: a phrase, a question, or a title with an abstract on the lines below it."""

    topic: Annotated[str, Field(min_length=1, max_length=MOST_TOPIC)]
    papers: Annotated[list[PaperId], Field(max_length=MOST_ROWS)] = []
    max_papers: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 30


class JobState(BaseModel):
    """A job as it stands."""

    id: str
    kind: str
    status: str = Field(description="waiting, running, interrupted, stopped, done or failed")
    doing: str
    done: int
    total: int = Field(description="Parts in all; 0 while unknown")
    seconds_left: float = Field(description="-1 while unknown")
    error: str
    created: str
    updated: str


def add_to(routes: APIRouter, assistant: Assistant) -> None:
    """Add the routes; the queue's thread begins here."""
    queue, jobs = JobQueue(assistant), assistant.jobs

    def state(job: Job) -> JobState:
        fields = {
            name: value for name, value in job.as_json().items() if name in JobState.model_fields
        }
        waits = {"status": "waiting"} if queue.is_waiting(job.id) else {}
        return JobState(**{**fields, **waits})

    @routes.post("/jobs/table", tags=["jobs"], status_code=202)
    def begin_table(body: TableRequest) -> JobState:
        """Begin a table, or go on with it. Each cell is a value with its quote, or not stated."""
        asked = making.arguments(body.question, body.papers, body.query, body.max_papers)
        return state(queue.add(making.KIND, asked))

    @routes.post("/jobs/review", tags=["jobs"], status_code=202)
    def begin_review(body: ReviewRequest) -> JobState:
        """Begin a literature review, or go on with it. Each sentence has the quotes that carry it."""
        return state(
            queue.add(writing.KIND, writing.arguments(body.topic, body.papers, body.max_papers))
        )

    @routes.get("/jobs", tags=["jobs"])
    def all_jobs() -> list[JobState]:
        """Every job, the latest first."""
        return [state(job) for job in jobs.all()]

    @routes.get("/jobs/{id}", tags=["jobs"])
    def one_job(id: str) -> JobState:
        """How far a job is."""
        return state(jobs.get(id))

    @routes.get("/jobs/{id}/result", tags=["jobs"])
    def result(id: str) -> dict[str, Any] | None:
        """What a job came to; null while it is not done."""
        return jobs.result(id)

    @routes.get("/jobs/{id}/file", tags=["jobs"], response_class=Response)
    def file(id: str, format: files.Form) -> Response:
        """A finished job as a document; a review has no csv and xlsx, a table no html."""
        return files.file_of(jobs.get(id), jobs.result(id), format)

    @routes.delete("/jobs/{id}", tags=["jobs"])
    def cancel(id: str) -> JobState:
        """Cancel a job; what is done of it stands, and the same request goes on with it."""
        return state(queue.cancel(id))
