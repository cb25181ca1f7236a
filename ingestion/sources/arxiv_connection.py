"""The one connection to arXiv: its API and its PDFs are asked through the same gate."""

import email.utils
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
import urllib3

from ingestion.cleaning import clean_text
from ingestion.errors import ArxivError, ArxivUnavailable, PaperNotFound
from ingestion.machine.private_folder import make_private
from ingestion.settings import ArxivSettings
from ingestion.sources.arxiv_gate import Gate, replace_file

MAX_FEED_BYTES = 20 << 20
"""Largest API answer read. 100 entries take 0.24 MB."""

BODY_TIMEOUTS = 12
"""A body may take this many times `timeout_s` in all, however slowly it drips in."""

MAX_REDIRECTS = 3
"""Redirects followed for one request; arXiv's own need one, from an id to its latest version."""

_TRANSIENT = {429, 500, 502, 503, 504}
_HEADERS = {"User-Agent": "arxiv-rag-agent"}
_PIECE_BYTES = 1 << 16
_TOTAL = re.compile(rb"totalResults[^>]*>\s*(\d+)")
_ERROR = re.compile(rb"api/errors#.*?<summary[^>]*>(.*?)</summary>", re.DOTALL)

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feed:
    """An API answer, with the two attributes that the arxiv package reads of a response."""

    content: bytes
    status_code: int = 200


class _TryAgain(Exception):
    """A refusal or a broken answer that may be gone soon; `after_s` where arXiv names a time."""

    def __init__(self, reason: str, after_s: float = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s


class ArxivConnection:
    """The requests of one question: counted, spaced out, retried, and cached.

    Args:
        settings: Delay, time-outs, tries and limits.
        cache_folder: Holds the gate's files and `answers/`; made when first needed.
        on_wait: Told (seconds, reason) before every wait, so that none goes without a word.
    """

    def __init__(
        self, settings: ArxivSettings, cache_folder: Path, on_wait: Callable[[float, str], None]
    ) -> None:
        self.settings = settings
        self.requests_left = settings.max_requests
        self._answers = cache_folder / "answers"
        self._gate = Gate(cache_folder, settings, on_wait)

    def get(self, url: str, headers: object = None) -> Feed:
        """The API's answer, from disk where it is younger than `cache_hours`, which costs no wait.

        Raises:
            ArxivUnavailable: No connection, no answer in time, every try refused, or the question's
                requests are used up. Without a network it comes within `timeout_s` + 1 seconds.
            ArxivError: arXiv says that the query is wrong.
        """
        cached = self._answers / f"{sha256(url.encode()).hexdigest()}.xml"
        if _age_hours(cached) < self.settings.cache_hours:
            return Feed(cached.read_bytes())
        start = int(parse_qs(urlsplit(url).query).get("start", ["0"])[0])
        feed = self._ask(url, lambda response: self._feed(response, start))
        if self.settings.cache_hours:
            self._keep(cached, feed)
        return Feed(feed)

    def download(self, url: str, consume: Callable[[Iterator[bytes]], T]) -> T:
        """What `consume` makes of the pieces of a file; it is called anew for every try.

        Raises:
            ArxivUnavailable: As in `get`.
            PaperNotFound: arXiv has no such file.
        """

        def read(response: requests.Response) -> T:
            if response.status_code == requests.codes.not_found:
                raise PaperNotFound(f"arXiv has no file at {url}")
            self._refuse_unless_ok(response)
            return consume(self._pieces(response))

        return self._ask(url, read)

    def _ask(self, url: str, read: Callable[[requests.Response], T]) -> T:
        reason = ""
        for attempt in range(self.settings.max_tries):
            try:
                return self._follow(url, read)
            except _TryAgain as refusal:
                reason = refusal.reason
                # With the default delay and tries this waits 9 to 13.5 s in all.
                backoff_s = self.settings.delay_s * 2**attempt * random.uniform(1, 1.5)
                self._gate.postpone(max(refusal.after_s, backoff_s), reason)
        raise ArxivUnavailable(
            f"arXiv could not be used in {self.settings.max_tries} tries: {reason}",
            next_step="Try again in a few minutes",
        )

    def _follow(self, url: str, read: Callable[[requests.Response], T]) -> T:
        """What `read` makes of the answer; each redirect is a request of its own at the gate."""
        for _ in range(1 + MAX_REDIRECTS):
            self._spend_request()
            with self._gate.turn(), self._open(url) as response:
                _refuse_if_transient(response)
                if not response.is_redirect:
                    return read(response)
                url = self._redirected(url, response.headers["Location"])
        raise ArxivUnavailable(f"arXiv answered with {MAX_REDIRECTS + 1} redirects in a row")

    def _redirected(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        known = (url, self.settings.api_url, self.settings.pdf_url)
        if _site(target) not in map(_site, known) or _is_downgrade(url, target):
            raise ArxivUnavailable(
                f"{urlsplit(url).netloc} sends to another address, {clean_text(target[:100])}, "
                "which is not followed",
                next_step="Check ARXIV_AGENT_ARXIV__API_URL and ARXIV_AGENT_ARXIV__PDF_URL",
            )
        return target

    def _spend_request(self) -> None:
        if self.requests_left <= 0:
            raise ArxivUnavailable(
                f"This question has used up its {self.settings.max_requests} requests to arXiv",
                next_step="Ask again, or raise ARXIV_AGENT_ARXIV__MAX_REQUESTS",
            )
        self.requests_left -= 1

    @contextmanager
    def _open(self, url: str) -> Iterator[requests.Response]:
        host = urlsplit(url).netloc
        silent = ArxivUnavailable(
            f"{host} did not answer within {self.settings.timeout_s:g} s", next_step="Try later"
        )
        try:
            with self._connected(url) as response:
                yield response
        except (Empty, requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise silent from error
        except requests.ConnectionError as error:
            if isinstance(error.args[0] if error.args else None, urllib3.exceptions.ProtocolError):
                raise _TryAgain("the connection broke off") from error
            raise ArxivUnavailable(
                f"{host} cannot be reached", next_step="Check the network, or work offline"
            ) from error
        except requests.RequestException as error:
            raise ArxivUnavailable(
                f"{url[:200]} cannot be asked",
                next_step="Check ARXIV_AGENT_ARXIV__API_URL and ARXIV_AGENT_ARXIV__PDF_URL",
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise _TryAgain("the answer broke off") from error

    def _connected(self, url: str) -> requests.Response:
        """Status and headers of the answer. In a thread: looking up a name knows no time-out."""
        outcome: SimpleQueue[requests.Response | Exception] = SimpleQueue()
        timeout_s = self.settings.timeout_s

        def connect() -> None:
            try:
                # Redirects are followed by `_follow`, at the gate.
                answer = requests.get(
                    url, headers=_HEADERS, timeout=timeout_s, stream=True, allow_redirects=False
                )
                outcome.put(answer)
            except Exception as error:  # noqa: BLE001  # raised again in the thread that waits
                outcome.put(error)

        threading.Thread(target=connect, daemon=True).start()
        result = outcome.get(timeout=timeout_s + 1)
        if isinstance(result, Exception):
            raise result
        return result

    def _feed(self, response: requests.Response, start: int) -> bytes:
        content = b""
        for piece in self._pieces(response):
            content += piece
            if len(content) > MAX_FEED_BYTES:
                raise ArxivUnavailable("arXiv's answer is larger than any real one")
        if error := _ERROR.search(content):
            raise ArxivError(f"arXiv refuses the query: {clean_text(error[1][:200].decode())}")
        self._refuse_unless_ok(response)
        if b"<feed" not in content and content.strip():
            raise ArxivUnavailable(
                f"Something other than arXiv's API answered at {urlsplit(response.url).netloc}",
                next_step="Log in to the network, or check ARXIV_AGENT_ARXIV__API_URL",
            )
        if not content.rstrip().endswith(b"</feed>"):
            raise _TryAgain("the answer broke off")
        # A known fault: pages of a result that has entries come without any (arxiv.py issue 158).
        if b"<entry" not in content and (total := _TOTAL.search(content)) and int(total[1]) > start:
            raise _TryAgain("arXiv sent an empty page")
        return content

    def _refuse_unless_ok(self, response: requests.Response) -> None:
        if response.status_code != requests.codes.ok:
            raise ArxivUnavailable(f"arXiv refuses the request, status {response.status_code}")

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        length = response.headers.get("Content-Length", "")
        coded = "Content-Encoding" in response.headers
        expected = int(length) if length.isdecimal() and not coded else 0
        deadline = time.monotonic() + BODY_TIMEOUTS * self.settings.timeout_s
        received = 0
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            received += len(piece)
            yield piece
            if time.monotonic() > deadline:
                raise ArxivUnavailable("arXiv's answer takes too long", next_step="Try later")
        if received < expected:
            raise _TryAgain("the answer broke off")

    def _keep(self, cached: Path, feed: bytes) -> None:
        try:
            make_private(self._answers)
            for old in self._answers.iterdir():
                if _age_hours(old) >= self.settings.cache_hours:
                    old.unlink(missing_ok=True)
            replace_file(cached, feed)
        except OSError as error:  # the answer is whole; only asking again will cost a request
            logger.warning("arXiv's answer could not be kept on disk: %s", error)


def _refuse_if_transient(response: requests.Response) -> None:
    if response.status_code in _TRANSIENT:
        after_s = _retry_after_s(response.headers.get("Retry-After", ""))
        raise _TryAgain(f"arXiv answered {response.status_code}", after_s)


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
