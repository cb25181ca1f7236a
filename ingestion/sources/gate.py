"""The gate before a host: one request at a time, some seconds after the last.

arXiv's terms allow one request every 3 seconds over one connection at a time, for all of its services
together (https://info.arxiv.org/help/api/tou.html); the other places get the same care. A gate is a
lock file beside the time of the next request, so it holds for every thread and process that shares
the cache folder.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ingestion.machine.private_folder import make_private
from ingestion.settings import Manners
from ingestion.sources.host import Host

LONGEST_PAUSE_S = 3600.0
"""A pause noted for longer than this is a clock that was set back, not a host's wish."""


class Gate:
    """Lets one request through at a time, not before the noted time of the next."""

    def __init__(
        self,
        folder: Path,
        host: Host,
        manners: Manners,
        on_wait: Callable[[float, str], None],
    ) -> None:
        self._lock_file = folder / f"{host.key}.lock"
        self._note = folder / f"{host.key}.next.json"
        self._host = host
        self._manners = manners
        self._on_wait = on_wait

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a request is allowed, and hold the connection while it lasts."""
        make_private(self._note.parent)
        while True:
            with self._locked():
                pause_s, reason = self._pause()
                if pause_s <= 0:
                    try:
                        yield
                    finally:
                        self.postpone(self._manners.delay_s, "one request every few seconds")
                    return
            self._wait(pause_s, reason)

    def postpone(self, seconds: float, reason: str) -> None:
        """No request for so many seconds, unless a longer pause is noted already."""
        seconds = min(seconds, LONGEST_PAUSE_S)
        if seconds > self._pause()[0]:
            note = {"at": time.time() + seconds, "reason": reason}
            try:
                replace_file(self._note, json.dumps(note).encode())
            except OSError as error:  # without the note the next process would not wait
                raise self._host.unavailable(
                    f"The time of the next request to {self._host.name} could not be noted in {self._note}: {error}",
                    next_step="Make room on the disk",
                ) from error

    def _pause(self) -> tuple[float, str]:
        with suppress(OSError, ValueError, TypeError, KeyError):
            note = json.loads(self._note.read_bytes())
            pause_s = float(note["at"]) - time.time()
            if pause_s <= LONGEST_PAUSE_S:
                return pause_s, str(note["reason"])
        return 0.0, ""

    def _wait(self, seconds: float, reason: str) -> None:
        if seconds > self._manners.max_wait_s:
            raise self._host.refusal(
                f"{self._host.name} asks for a pause of {seconds:.0f} s ({reason})",
                next_step="Ask again after that",
            )
        self._on_wait(seconds, reason)
        time.sleep(seconds)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(self._lock_file)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            self._on_wait(
                self._manners.timeout_s, f"another request to {self._host.name} is under way"
            )
            self._acquire_in_time(lock)
        try:
            yield
        finally:
            lock.release()

    def _acquire_in_time(self, lock: FileLock) -> None:
        try:
            lock.acquire(timeout=self._manners.max_wait_s)
        except Timeout as error:
            raise self._host.unavailable(
                f"Another request to {self._host.name} went on for over {self._manners.max_wait_s:g} s",
                next_step="Try later",
            ) from error


def replace_file(file: Path, content: bytes) -> None:
    """Write a file so that others see the old or the new content, also on a full disk.

    Raises:
        OSError: It could not be written; the file is as it was before.
    """
    part = file.with_name(f"{file.name}.{threading.get_ident()}.part")
    try:
        part.write_bytes(content)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
