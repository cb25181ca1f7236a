"""Metadata files in folders and object storage: found here, opened on whichever node reads them."""

from collections.abc import Sequence
from functools import partial
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, cast

from ingestion.errors import AgentError, SourceError, SourceUnavailable
from ingestion.machine.user_path import user_path
from ingestion.sources.metadata_files import SUFFIXES, find_files

_BUFFER_BYTES = 1 << 20  # object storage answers a request in some 50 ms, so few of them


def is_address(path: str) -> bool:
    """Whether this names a file in some storage, such as `s3://bucket/papers.jsonl`, and no local path."""
    return "://" in path


def all_files(paths: Sequence[str]) -> list[str]:
    """The files behind paths and addresses, folders searched, each file once.

    Raises:
        SourceError: One does not exist, or a folder holds no metadata file.
    """
    files: list[str] = []
    for path in paths:
        found = _at_address(path) if is_address(path) else find_files([user_path(path).absolute()])
        files += [str(file) for file in found]
    return list(dict.fromkeys(files))


def open_file(file: str) -> BufferedReader:
    """A file on this node or in storage, to be read from its start.

    Raises:
        SourceError: This node does not see the local file.
        SourceUnavailable: The storage does not give it.
    """
    if is_address(file):
        storage, place = _storage(file)
        opened = _asked(file, partial(storage.open, place, "rb", block_size=_BUFFER_BYTES))
        # A fault of the network must not read as a file that is cut off.
        return BufferedReader(cast(RawIOBase, _Stored(file, opened)), _BUFFER_BYTES)
    if not Path(file).exists():
        raise SourceError(
            f"{file} does not exist on one of Ray's nodes",
            next_step="Put it where all nodes see it under the same name, or in object storage (s3://…)",
        )
    return Path(file).open("rb")


class _Stored(RawIOBase):
    """A file in storage, whose faults are errors of the storage."""

    def __init__(self, file: str, opened: Any) -> None:
        self._file = file
        self._opened = opened

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return int(self._opened.tell())

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._opened.seek(offset, whence))

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: Buffer
        piece = _asked(self._file, partial(self._opened.read, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._opened.close()
        super().close()


def _at_address(address: str) -> list[str]:
    storage, place = _storage(address)
    if not _asked(address, partial(storage.isdir, place)):
        if not _asked(address, partial(storage.exists, place)):
            raise SourceError(f"{address} does not exist", next_step="Check the address")
        return [address]
    inside = sorted(_asked(address, partial(storage.find, place)))
    named = [storage.unstrip_protocol(file) for file in inside if file.endswith(SUFFIXES)]
    if not named:
        raise SourceError(f"{address} holds no file that ends in {', '.join(SUFFIXES)}")
    return named


def _storage(address: str) -> tuple[Any, str]:
    """The storage of an address, and the place in it."""
    import fsspec

    try:
        return cast("tuple[Any, str]", fsspec.core.url_to_fs(address))
    except (
        ImportError,
        ValueError,
    ) as error:  # a protocol unknown, or one whose package is missing
        raise SourceError(
            f"{address} cannot be read: {error}", next_step="Install that package on every node"
        ) from error


def _asked(address: str, call: Any) -> Any:
    try:
        return call()
    except AgentError:
        raise
    except Exception as error:  # each storage raises errors of its own library
        raise SourceUnavailable(
            f"{address} cannot be read: {str(error)[:200] or type(error).__name__}",
            kept="What was written to the library before is kept",
            next_step="Run the same command again: it goes on from there",
        ) from error
