"""One long job, as it is kept beside its parts."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["waiting", "running", "interrupted", "stopped", "done", "failed"]
"""`interrupted`: its process ended without a word; that, `stopped` and `failed` can go on."""


@dataclass(frozen=True, slots=True)
class Job:
    """What was asked and how far it is.

    Args:
        id: Its kind and a digest of its arguments: the same work asked again is the same job.
        kind: `table`, `review`, …
        arguments: What was asked, as JSON.
        status: See `Status`.
        doing: What is done now, one line.
        done: Parts done.
        total: Parts in all; 0 while unknown.
        seconds_left: Guessed from the parts of this run; -1 while unknown.
        error: Why it failed; empty otherwise.
        created: ISO time of the first start.
        updated: ISO time of the last change.
        pid: Process that runs it, and
        pid_started: when that process started, since ids are used again.
    """

    id: str
    kind: str
    arguments: dict[str, Any]
    status: Status = "waiting"
    doing: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float = -1.0
    error: str = ""
    created: str = ""
    updated: str = ""
    pid: int = 0
    pid_started: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing works on it any more."""
        return self.status not in ("waiting", "running")

    def as_json(self) -> dict[str, Any]:
        """The fields that `jobs --json` prints, and that are kept."""
        return asdict(self)
