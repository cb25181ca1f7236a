"""One client of the store, a Milvus server or the owner of a local folder, and what its failures mean."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from ingestion.errors import ServerAway, StoreError, StoreUnavailable
from ingestion.settings import StoreSettings
from ingestion.store.owner import owner_of
from ingestion.store.schema import StoreInfo

_Result = TypeVar("_Result")


class Connection:
    """A client that is made when first needed, and made again when a local owner has ended.

    Args:
        settings: Server address, or none for Milvus Lite.
        folder: Milvus Lite's folder.
        opened: What is done with a new client, one process at a time; tells what it found.

    Raises:
        StoreUnavailable: Nothing answers at the address (`ServerAway` for a server), or the folder cannot be opened.
    """

    def __init__(
        self, settings: StoreSettings, folder: Path, opened: Callable[[Any, str], StoreInfo]
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._opened = opened
        self._lock = threading.RLock()
        self._client: Any = None
        self._info: StoreInfo | None = None
        with self._lock:
            self._connect()

    @property
    def info(self) -> StoreInfo:
        """What was found when the collection was opened or made."""
        if self._info is None:
            raise StoreUnavailable("The library is closed")
        return self._info

    def close(self) -> None:
        """Give up the client; the next call makes another."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client, self._info = None, None

    def call(self, call: Callable[[Any], _Result]) -> _Result:
        """Run one call; a local owner that ended since the last one is started again, once.

        Raises:
            StoreError: The call was refused, or nothing answers.
        """
        from pymilvus.exceptions import MilvusException

        client = self._current()
        try:
            return call(client)
        except MilvusException as error:
            if self._settings.uri or not _is_lost(error):
                raise self._store_error(error) from error
        try:
            return call(self._current(instead_of=client))
        except MilvusException as error:
            raise self._store_error(error) from error

    def _current(self, instead_of: Any = None) -> Any:
        with self._lock:
            if self._client is instead_of:
                self._connect()
            return self._client

    @property
    def _address(self) -> str:
        return self._settings.uri or str(self._folder)

    def _connect(self) -> None:
        import logging

        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException

        # It logs features that Milvus Lite lacks and nobody asks for, and each error that it raises too.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        if self._settings.uri:
            uri, token = self._settings.uri, self._settings.token.get_secret_value()
        else:
            owner = owner_of(self._folder)
            uri, token = owner.uri, owner.token
        try:
            self._client = MilvusClient(uri=uri, token=token, timeout=self._settings.timeout_s)
            with self._one_opener():
                self._info = self._opened(self._client, self._address)
        except MilvusException as error:
            raise self._store_error(error) from error

    def _one_opener(self) -> AbstractContextManager[Any]:
        """Of several processes that find no collection in a local folder one makes it."""
        from filelock import FileLock

        if self._settings.uri:
            return nullcontext()
        return FileLock(self._folder / "open.lock", mode=0o600)

    def _store_error(self, error: Exception) -> StoreError:
        what = f"The library at {self._address} does not answer: {str(error)[:200]}"
        kept = "What was written before is kept"
        if not (_is_lost(error) or (self._settings.uri and _is_not_ready(error))):
            return StoreError(
                f"The library at {self._address} refused a call: {str(error)[:300]}",
                kept=kept,
                next_step="`arxiv-agent doctor` checks the library",
            )
        if not self._settings.uri:
            return StoreUnavailable(what, kept=kept, next_step="Run it again: that starts it anew")
        return ServerAway(
            what,
            kept=kept,
            next_step="Start the server (`docker compose up -d`) or clear ARXIV_AGENT_STORE__URI for the local one",
        )


def _is_lost(error: Exception) -> bool:
    text = str(error).lower()
    return any(
        sign in text for sign in ("unavailable", "connect", "closed channel", "unauthenticated")
    )


def _is_not_ready(error: Exception) -> bool:
    """Whether a server that has just started does not serve the collection yet: for 27 s, Milvus 2.3.5 after a kill.

    Then it does not hold it, or looks for parts of itself that were before the kill ("node not found", "not match").
    """
    text = str(error).lower()
    return any(sign in text for sign in ("not loaded", "not fully loaded", "node not "))
