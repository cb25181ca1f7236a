"""One connection to a place that papers come from: spaced out, retried, bounded, cached."""

import email.utils
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from ingestion.cleaning import clean_text
from ingestion.errors import PaperNotFound, SourceUnavailable
from ingestion.machine.private_folder import make_private
from ingestion.settings import Manners
from ingestion.sources.gate import Gate, replace_file
from ingestion.sources.host import Host

MAX_ANSWER_BYTES = 20 << 20
"""Largest answer read into memory. 100 entries of arXiv take 0.24 MB, a page of OAI-PMH 3 MB."""

BODY_TIMEOUTS = 12
"""A body may take this many times `timeout_s` in all, however slowly it drips in."""

MAX_REDIRECTS = 3
"""Redirects followed for one request; arXiv's own need one, from an id to its latest version."""

_TRANSIENT = {429, 500, 502, 503, 504}
_PIECE_BYTES = 1 << 16

T = TypeVar("T")
logger = logging.getLogger(__name__)


class TryAgain(Exception):
    """A refusal or a broken answer that may be gone soon; `after_s` where the host names a time."""

    def __init__(self, reason: str, after_s: float = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s


Check = Callable[[bytes, int], None]
"""Looks at an answer's body and status: raises `TryAgain` where it is broken, an error where it is no answer."""


class Connection:
    """The requests of one question to one host: counted, spaced out, retried, and cached.

    Args:
        host: Whom to ask.
        manners: Delay, time-outs, tries and limits.
        cache_folder: Holds the gate's files and `answers/`; made when first needed.
        on_wait: Told (seconds, reason) before every wait, so that none goes without a word.
    """

    def __init__(
        self,
        host: Host,
        manners: Manners,
        cache_folder: Path,
        on_wait: Callable[[float, str], None],
    ) -> None:
        self.host = host
        self.on_wait = on_wait
        self.manners = manners
        self.requests_left = manners.max_requests
        self._answers = cache_folder / "answers"
        self._gate = Gate(cache_folder, host, manners, on_wait)

    def ask(self, url: str, check: Check, *, cached: bool = True) -> bytes:
        """The answer, from disk where it is younger than `cache_hours`, which costs no wait.

        Args:
            url: What to ask; without secrets.
            check: Whether it is an answer; called before it is kept.
            cached: False asks anew and keeps nothing, for answers that change under the same address.

        Raises:
            SourceUnavailable: No connection, no answer in time, every try refused, or the question's
                requests are used up. Without a network it comes within `timeout_s` + 1 seconds.
        """
        kept = self._answers / f"{sha256(url.encode()).hexdigest()}.answer"
        if cached and _age_hours(kept) < self.manners.cache_hours:
            return kept.read_bytes()
        answer = self._ask(url, lambda response: self._whole(response, check))
        if cached and self.manners.cache_hours:
            self._keep(kept, answer)
        return answer

    def download(self, url: str, consume: Callable[[Iterator[bytes]], T]) -> T:
        """What `consume` makes of the pieces of a file; it is called anew for every try.

        Raises:
            SourceUnavailable: As in `ask`.
            PaperNotFound: The host has no such file.
        """

        def read(response: requests.Response) -> T:
            if response.status_code == requests.codes.not_found:
                raise PaperNotFound(f"{self.host.name} has no file at {url}")
            self.refuse_unless_ok(response.status_code)
            return consume(self._pieces(response))

        return self._ask(url, read)

    def refuse_unless_ok(self, status: int) -> None:
        """Raise where the status says that this was no answer."""
        if status != requests.codes.ok:
            raise self.host.unavailable(f"{self.host.name} refuses the request, status {status}")

    def not_its_answer(self, url: str) -> SourceUnavailable:
        """The error for a body that the host would not send: a log-in page of a network, say."""
        return self.host.unavailable(
            f"Something other than {self.host.name} answered at {urlsplit(url).netloc}",
            next_step=f"Log in to the network, or check {self.host.settings}",
        )

    def _ask(self, url: str, read: Callable[[requests.Response], T]) -> T:
        reason = ""
        for attempt in range(self.manners.max_tries):
            try:
                return self._follow(url, read)
            except TryAgain as refusal:
                reason = refusal.reason
                # With the default delay and tries this waits 9 to 13.5 s in all.
                backoff_s = self.manners.delay_s * 2**attempt * random.uniform(1, 1.5)
                self._gate.postpone(max(refusal.after_s, backoff_s), reason)
        raise self.host.refusal(
            f"{self.host.name} could not be used in {self.manners.max_tries} tries: {reason}",
            next_step="Try again in a few minutes",
        )

    def _follow(self, url: str, read: Callable[[requests.Response], T]) -> T:
        """What `read` makes of the answer; each redirect is a request of its own at the gate."""
        for _ in range(1 + MAX_REDIRECTS):
            self._spend_request()
            with self._gate.turn(), self._open(url) as response:
                self._refuse_if_transient(response)
                if not response.is_redirect:
                    return read(response)
                url = self._redirected(url, response.headers["Location"])
        raise self.host.unavailable(
            f"{self.host.name} answered with {MAX_REDIRECTS + 1} redirects in a row"
        )

    def _redirected(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        known = (url, *self.host.addresses)
        if _site(target) not in map(_site, known) or _is_downgrade(url, target):
            raise self.host.unavailable(
                f"{urlsplit(url).netloc} sends to another address, {clean_text(target.partition('?')[0][:100])}, "
                "which is not followed",
                next_step=f"Check {self.host.settings}",
            )
        return target

    def _spend_request(self) -> None:
        if self.requests_left <= 0:
            raise self.host.unavailable(
                f"This question has used up its {self.manners.max_requests} requests to {self.host.name}",
                next_step="Ask again, or raise the limit `max_requests` in the settings",
            )
        self.requests_left -= 1

    @contextmanager
    def _open(self, url: str) -> Iterator[requests.Response]:
        address = urlsplit(url).netloc
        silent = self.host.unavailable(
            f"{address} did not answer within {self.manners.timeout_s:g} s", next_step="Try later"
        )
        try:
            with self._connected(url) as response:
                yield response
        except (Empty, requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise silent from error
        except requests.ConnectionError as error:
            if isinstance(error.args[0] if error.args else None, urllib3.exceptions.ProtocolError):
                raise TryAgain("the connection broke off") from error
            raise self.host.unavailable(
                f"{address} cannot be reached", next_step="Check the network, or work offline"
            ) from error
        except requests.RequestException as error:
            raise self.host.unavailable(
                f"{url[:200]} cannot be asked", next_step=f"Check {self.host.settings}"
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise TryAgain("the answer broke off") from error

    def _connected(self, url: str) -> requests.Response:
        """Status and headers of the answer. In a thread: looking up a name knows no time-out."""
        outcome: SimpleQueue[requests.Response | Exception] = SimpleQueue()
        timeout_s = self.manners.timeout_s
        headers = {"User-Agent": "arxiv-rag-agent", **self.host.headers}

        def connect() -> None:
            try:
                # Redirects are followed by `_follow`, at the gate.
                answer = requests.get(
                    url,
                    params=self.host.secrets,
                    headers=headers,
                    timeout=timeout_s,
                    stream=True,
                    allow_redirects=False,
                )
                outcome.put(answer)
            except Exception as error:  # noqa: BLE001  # raised again in the thread that waits
                outcome.put(error)

        threading.Thread(target=connect, daemon=True).start()
        result = outcome.get(timeout=timeout_s + 1)
        if isinstance(result, Exception):
            raise result
        return result

    def _whole(self, response: requests.Response, check: Check) -> bytes:
        content = bytearray()
        for piece in self._pieces(response):
            content += piece
            if len(content) > MAX_ANSWER_BYTES:
                raise self.host.unavailable(
                    f"{self.host.name}'s answer is larger than any real one"
                )
        answer = bytes(content)
        check(answer, response.status_code)
        return answer

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        length = response.headers.get("Content-Length", "")
        coded = "Content-Encoding" in response.headers
        expected = int(length) if length.isdecimal() and not coded else 0
        deadline = time.monotonic() + BODY_TIMEOUTS * self.manners.timeout_s
        received = 0
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            received += len(piece)
            yield piece
            if time.monotonic() > deadline:
                raise self.host.unavailable(
                    f"{self.host.name}'s answer takes too long", next_step="Try later"
                )
        if received < expected:
            raise TryAgain("the answer broke off")

    def _refuse_if_transient(self, response: requests.Response) -> None:
        if response.status_code in _TRANSIENT:
            after_s = _retry_after_s(response.headers.get("Retry-After", ""))
            raise TryAgain(f"{self.host.name} answered {response.status_code}", after_s)

    def _keep(self, kept: Path, answer: bytes) -> None:
        try:
            make_private(self._answers)
            for old in self._answers.iterdir():
                if _age_hours(old) >= self.manners.cache_hours:
                    old.unlink(missing_ok=True)
            replace_file(kept, answer)
        except OSError as error:  # the answer is whole; only asking again will cost a request
            logger.warning("%s's answer could not be kept on disk: %s", self.host.name, error)


def _retry_after_s(value: str) -> float:
    """Seconds of a Retry-After header, which gives a number or a date (RFC 9110); 0 if neither."""
    if value.strip().isdecimal():
        return float(value)
    with suppress(ValueError):
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    return 0.0


def _age_hours(file: Path) -> float:
    try:
        return (time.time() - file.stat().st_mtime) / 3600
    except OSError:
        return float("inf")


def _site(url: str) -> tuple[str, int | None]:
    """Host and port, https and http at their usual ports being one site."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a port that is no number
        return "", None
    usual = {"http": 80, "https": 443}
    return parts.hostname or "", None if port == usual.get(parts.scheme) else port


def _is_downgrade(url: str, target: str) -> bool:
    schemes = urlsplit(url).scheme, urlsplit(target).scheme
    return schemes not in (("https", "https"), ("http", "http"), ("http", "https"))
