"""The one connection to arXiv: its API, its OAI-PMH and its files are asked through the same gate."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ingestion.cleaning import clean_text
from ingestion.errors import ArxivError, ArxivUnavailable
from ingestion.settings import ArxivSettings
from ingestion.sources.connection import Connection, TryAgain
from ingestion.sources.host import Host

_TOTAL = re.compile(rb"totalResults[^>]*>\s*(\d+)")
_ERROR = re.compile(rb"api/errors#.*?<summary[^>]*>(.*?)</summary>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Feed:
    """An API answer, with the two attributes that the arxiv package reads of a response."""

    content: bytes
    status_code: int = 200


def arxiv_host(settings: ArxivSettings) -> Host:
    """arXiv: whatever is asked of it shares one gate, as its terms want."""
    return Host(
        "arxiv",
        "arXiv",
        (settings.api_url, settings.pdf_url, settings.oai_url),
        "ARXIV_AGENT_ARXIV__API_URL, …__PDF_URL and …__OAI_URL",
        ArxivUnavailable,
    )


class ArxivConnection(Connection):
    """The requests of one question to arXiv's API and files.

    Args:
        settings: Addresses, delay, time-outs, tries and limits.
        cache_folder: Holds the gate's files and `answers/`; made when first needed.
        on_wait: Told (seconds, reason) before every wait.
    """

    def __init__(
        self, settings: ArxivSettings, cache_folder: Path, on_wait: Callable[[float, str], None]
    ) -> None:
        super().__init__(arxiv_host(settings), settings, cache_folder, on_wait)
        self.settings = settings

    def get(self, url: str, headers: object = None) -> Feed:
        """The API's answer, as the arxiv package asks for it; see `Connection.ask`.

        Raises:
            ArxivUnavailable: arXiv cannot be used now.
            ArxivError: arXiv says that the query is wrong.
        """
        start = int(parse_qs(urlsplit(url).query).get("start", ["0"])[0])
        return Feed(self.ask(url, lambda content, status: self._check(content, status, start, url)))

    def _check(self, content: bytes, status: int, start: int, url: str) -> None:
        if error := _ERROR.search(content):
            raise ArxivError(f"arXiv refuses the query: {clean_text(error[1][:200].decode())}")
        self.refuse_unless_ok(status)
        if b"<feed" not in content and content.strip():
            raise self.not_its_answer(url)
        if not content.rstrip().endswith(b"</feed>"):
            raise TryAgain("the answer broke off")
        # A known fault: pages of a result that has entries come without any (arxiv.py issue 158).
        if b"<entry" not in content and (total := _TOTAL.search(content)) and int(total[1]) > start:
            raise TryAgain("arXiv sent an empty page")
