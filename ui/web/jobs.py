"""Long work other than answering (ingests, downloads, programs run again), outside of the script runs."""

import threading
from collections.abc import Callable
from typing import Any

from ingestion.errors import AgentError


class Job:
    """One piece of work in a thread of its own; a page looks at it now and then.

    Args:
        work: Called with this job, which it tells how far it is; its value becomes `result`.
    """

    def __init__(self, work: Callable[["Job"], Any]) -> None:
        self.doing = ""
        self.share = 0.0
        self.result: Any = None
        self.error: AgentError | None = None
        self._done = threading.Event()
        threading.Thread(target=self._run, args=(work,), daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether it ended; then there is a `result` or an `error`."""
        return self._done.is_set()

    def tell(self, doing: str, share: float | None = None) -> None:
        """Say what is done now, and how far it is, 0 to 1."""
        self.doing = doing
        if share is not None:
            self.share = min(1.0, max(0.0, share))

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; whether it came in time."""
        return self._done.wait(timeout_s)

    def _run(self, work: Callable[["Job"], Any]) -> None:
        try:
            self.result = work(self)
        except AgentError as error:
            self.error = error
        except OSError as error:
            self.error = AgentError(str(error), next_step="Check the file and the free space")
        except Exception as error:  # shown on the page, and raised again for the log
            self.error = AgentError(
                f"{type(error).__name__}: {error}", next_step="Please report it"
            )
            raise
        finally:
            self._done.set()


class Jobs:
    """The latest job of each name. A reload finds it again; other tabs see it too."""

    def __init__(self) -> None:
        self._latest: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[[Job], Any]) -> Job:
        """Begin a job, unless one of that name is still running: then that one is returned."""
        with self._lock:
            latest = self._latest.get(name)
            if latest is None or latest.done:
                latest = self._latest[name] = Job(work)
            return latest

    @property
    def busy(self) -> bool:
        """Whether any of them is still running."""
        return any(not job.done for job in list(self._latest.values()))

    def get(self, name: str) -> Job | None:
        """The latest job of a name, running or ended; None when there is none."""
        return self._latest.get(name)
