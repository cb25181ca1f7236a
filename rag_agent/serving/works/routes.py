"""Routes of long jobs: begun, looked at, cancelled; their results."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from rag_agent.assistant import Assistant
from rag_agent.jobs import Job, Jobs, ingest
from rag_agent.review import writing
from rag_agent.serving.access.user import User
from rag_agent.serving.operations import MOST_ARGUMENT, MOST_ROWS, MOST_TOPIC, PaperId
from rag_agent.serving.works import files
from rag_agent.serving.works.own_queue import OwnQueue
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


class IngestRequest(BaseModel):
    """Metadata files in the folder that the setting `serve.incoming` names."""

    files: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=255)]],
        Field(min_length=1, max_length=MOST_ROWS),
    ]


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
    """Add the routes; the line of jobs is worked on from here on."""
    queue = _line_of_jobs(assistant)

    def of(user: str) -> Jobs:
        return assistant.of(user).jobs

    def state(user: str, job: Job) -> JobState:
        fields = queue.as_it_stands(user, job).as_json()
        return JobState(**{name: fields[name] for name in JobState.model_fields})

    @routes.post("/jobs/table", tags=["jobs"], status_code=202)
    def begin_table(body: TableRequest, user: User) -> JobState:
        """Begin a table, or go on with it. Each cell is a value with its quote, or not stated."""
        asked = making.arguments(body.question, body.papers, body.query, body.max_papers)
        return state(user, queue.add(user, making.KIND, asked))

    @routes.post("/jobs/review", tags=["jobs"], status_code=202)
    def begin_review(body: ReviewRequest, user: User) -> JobState:
        """Begin a literature review, or go on with it. Each sentence has the quotes that carry it."""
        asked = writing.arguments(body.topic, body.papers, body.max_papers)
        return state(user, queue.add(user, writing.KIND, asked))

    @routes.post("/jobs/ingest", tags=["jobs"], status_code=202)
    def begin_ingest(body: IngestRequest, user: User) -> JobState:
        """Begin to bring metadata files into the library, or go on with it."""
        asked = ingest.arguments(body.files, assistant.settings.serve.incoming)
        return state(user, queue.add(user, ingest.KIND, asked))

    @routes.get("/jobs", tags=["jobs"])
    def all_jobs(user: User) -> list[JobState]:
        """Your jobs, the latest first."""
        return [state(user, job) for job in of(user).all()]

    @routes.get("/jobs/{id}", tags=["jobs"])
    def one_job(id: str, user: User) -> JobState:
        """How far a job is."""
        return state(user, of(user).get(id))

    @routes.get("/jobs/{id}/result", tags=["jobs"])
    def result(id: str, user: User) -> dict[str, Any] | None:
        """What a job came to; null while it is not done."""
        return of(user).result(id)

    @routes.get("/jobs/{id}/file", tags=["jobs"], response_class=Response)
    def file(id: str, format: files.Form, user: User) -> Response:
        """A finished job as a document; a review has no csv and xlsx, a table no html."""
        return files.file_of(of(user).get(id), of(user).result(id), format)

    @routes.delete("/jobs/{id}", tags=["jobs"])
    def cancel(id: str, user: User) -> JobState:
        """Cancel a job; what is done of it stands, and the same request goes on with it."""
        return state(user, queue.cancel(user, id))


def _line_of_jobs(assistant: Assistant) -> JobQueue:
    """That of this server alone, or with PostgreSQL that of all servers on it."""
    if not assistant.databases.url:
        return OwnQueue(assistant)
    from rag_agent.serving.works.shared_queue import SharedQueue

    return SharedQueue(assistant)
