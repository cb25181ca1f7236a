"""Long work that outlives its process: what was asked, the parts that are done, how it ended."""

from rag_agent.jobs.job import Job, Status
from rag_agent.jobs.jobs import Jobs, Run

__all__ = ["Job", "Jobs", "Run", "Status"]
