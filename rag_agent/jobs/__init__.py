"""Long work that outlives its process: what was asked, the parts that are done, how it ended."""

from rag_agent.jobs.folder import FolderJobs
from rag_agent.jobs.job import Job, Status
from rag_agent.jobs.jobs import Jobs
from rag_agent.jobs.postgres import PostgresJobs
from rag_agent.jobs.run import Run

__all__ = ["FolderJobs", "Job", "Jobs", "PostgresJobs", "Run", "Status"]
