"""A Zotero library, over Zotero's web API or from the Zotero that runs on this machine, through pyzotero.

The web API asks for a key for private libraries and answers 429 or a Backoff header when asked too often
(https://www.zotero.org/support/dev/web_api/v3/basics); pyzotero waits as told.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ingestion.bibliography.entry import Entry
from ingestion.errors import SourceError
from ingestion.settings import ZoteroSettings

_PAGE = 100  # the most that the API gives at once
_NO_WORKS = ("attachment", "note", "annotation")
_LOCAL = "http://127.0.0.1:23119/api"
_WRITERS = ("author", "inventor", "presenter", "programmer", "editor")


def zotero_entries(settings: ZoteroSettings, collection: str = "") -> Iterator[tuple[int, Entry]]:
    """Every work of a library, with its number from 1.

    Args:
        settings: Whose library it is, and where it is asked for.
        collection: Key of a collection of it; empty: the whole library.

    Raises:
        SourceError: It cannot be had; what was yielded before is good.
    """
    with _told(settings):
        number = 0
        for data in _items(settings, collection):
            if data.get("itemType") not in _NO_WORKS:
                number += 1
                yield number, _entry(data)


def _items(settings: ZoteroSettings, collection: str) -> Iterator[dict[str, Any]]:
    client = _client(settings)
    start = 0
    while True:
        asked = {"limit": _PAGE, "start": start}
        page = (
            client.collection_items_top(collection, **asked) if collection else client.top(**asked)
        )
        yield from (item["data"] for item in page if isinstance(item.get("data"), dict))
        if len(page) < _PAGE:
            return
        start += _PAGE


def _client(settings: ZoteroSettings) -> Any:
    import httpx2
    from pyzotero.zotero import Zotero

    local = settings.local
    client = Zotero(
        settings.library_id or ("0" if local else None),
        settings.library_type,
        settings.api_key.get_secret_value() or None,
        local=local,
        client=httpx2.Client(timeout=settings.timeout_s),
    )
    if settings.url:
        client.endpoint = settings.url.rstrip("/")
    return client


@contextmanager
def _told(settings: ZoteroSettings) -> Iterator[None]:
    """Failures of the library as one sentence each; the key is in none of them."""
    import httpx2
    from pyzotero.errors import MissingCredentialsError, PyZoteroError

    where = settings.url or (_LOCAL if settings.local else "https://api.zotero.org")
    try:
        yield
    except MissingCredentialsError as error:
        raise SourceError(
            "No Zotero library is named",
            next_step="Give --user or --group its number (zotero.org/settings/keys shows yours), "
            "or --local for the Zotero that runs here",
        ) from error
    except PyZoteroError as error:
        raise SourceError(
            f"Zotero at {where} refused: {type(error).__name__}",
            next_step="Check the library's number and ARXIV_AGENT_ZOTERO__API_KEY",
        ) from error
    except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
        started = "Start Zotero and allow other programs to talk to it in its advanced settings"
        raise SourceError(
            f"Zotero at {where} gives no answer: {type(error).__name__}",
            next_step=started if settings.local else "Try again later",
        ) from error


def _entry(data: dict[str, Any]) -> Entry:
    def said(*names: str) -> str:
        return next((str(data[name]) for name in names if data.get(name)), "")

    extra = said("extra")
    return Entry(
        key=_line_of(extra, "citation key") or said("citationKey"),
        title=said("title"),
        authors=tuple(filter(None, map(_writer, data.get("creators") or ()))),
        date=said("date"),
        abstract=said("abstractNote"),
        doi=said("DOI") or _line_of(extra, "doi"),
        venue=said("publicationTitle", "proceedingsTitle", "conferenceName", "bookTitle"),
        places=(said("archiveID"), said("reportNumber"), said("url"), extra),
    )


def _writer(creator: dict[str, Any]) -> str:
    if creator.get("creatorType", "author") not in _WRITERS:
        return ""
    if creator.get("name"):
        return str(creator["name"])
    return f"{creator.get('lastName', '')}, {creator.get('firstName', '')}".strip(" ,")


def _line_of(extra: str, name: str) -> str:
    """The value of a line `Name: value`, as Zotero keeps what it has no field for."""
    for line in extra.splitlines():
        label, _, value = line.partition(":")
        if label.strip().lower() == name:
            return value.strip()
    return ""
