"""Papers from files of arXiv metadata, one at a time, and the reason for each record that is none.

Files hold JSON lines or one JSON array, gzipped or not. Which of these is read from the bytes, not
from the name: arXiv's metadata snapshot holds lines and is called .json.
"""

import gzip
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BufferedReader, RawIOBase
from pathlib import Path, PurePath

import ijson

from ingestion.cleaning import clean_text
from ingestion.errors import SourceError
from ingestion.paper import Paper
from ingestion.sources.json_records import GivenUp, decoded, read_records
from ingestion.sources.metadata_record import UnusableRecord, paper_of

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
"""Endings of the files that are read of a folder. A file named outright may be called anything."""

_EXCERPT_CHARACTERS = 120
_BUFFER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Reject:
    """A record, or the rest of a file, that did not become a paper.

    Args:
        path: The file, or its address.
        line: Line of the file, from 1; in a JSON array the number of the element; 0 for the whole
            file.
        reason: One of a few fixed clauses, so that rejects can be counted by it.
        excerpt: The id where there is one, else the start of the record, safe to print.
    """

    path: Path | str
    line: int
    reason: str
    excerpt: str

    @property
    def file_name(self) -> str:
        """The last part of the path or address."""
        return PurePath(self.path).name


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as it stands in a file, not looked at yet.

    Args:
        path: The file, or its address.
        line: As in `Reject`.
        position: Bytes of the file that were read so far, as on disk.
        record: What `read_records` yields, or the reject that reading the file itself gave.
    """

    path: Path | str
    line: int
    position: int
    record: object


def read_papers(
    paths: Sequence[Path],
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[Paper | Reject]:
    """Every record of the files, in order; folders are searched for `SUFFIXES` at any depth.

    Memory does not grow with a file. Keywords are left empty. A paper that stood there before is a
    reject, unless this time its version is higher.

    Args:
        paths: Files and folders.
        on_progress: Told now and then how many bytes are read and how many there are, both as on
            disk, so compressed ones for a compressed file.

    Raises:
        SourceError: A path does not exist, or a folder holds no such file; nothing is read then.
    """
    files = find_files(paths)
    sizes = [_size(file) for file in files]
    before, seen = 0, Seen()
    for file, size in zip(files, sizes, strict=True):
        for raw in raw_records(file, partial(_opened, file)):
            if on_progress:
                on_progress(before + raw.position, sum(sizes))
            yield seen.judge(raw.path, raw.line, paper_or_reject(raw))
        before += size


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The files behind the paths, folders searched, each file once.

    Raises:
        SourceError: A path does not exist, or a folder holds no file named like one of `SUFFIXES`.
    """
    return list(dict.fromkeys(file for path in paths for file in _files_of(path)))


def _files_of(path: Path) -> list[Path]:
    if not path.exists():
        raise SourceError(f"{path} does not exist", next_step="Name a file or folder of metadata")
    if not path.is_dir():
        return [path]
    named = (file for file in path.rglob("*") if file.name.endswith(SUFFIXES))
    inside = sorted(file for file in named if file.is_file())
    if not inside:
        raise SourceError(f"{path} holds no file that ends in {', '.join(SUFFIXES)}")
    return inside


def _size(file: Path) -> int:
    with suppress(OSError):  # said by the reject that reading it gives
        return file.stat().st_size
    return 0


def _opened(file: Path) -> BufferedReader:
    return file.open("rb")


def raw_records(path: Path | str, open_file: Callable[[], BufferedReader]) -> Iterator[Raw]:
    """The records of one file, unparsed and in order; a fault of the file itself is the last of them.

    Args:
        path: The file's name, for rejects.
        open_file: Opens it.
    """
    line, position = 0, 0

    def fault(at: int, reason: str, shown: str = "") -> Raw:
        return Raw(path, at, position, Reject(path, at, reason, _excerpt(shown)))

    try:
        with open_file() as file:
            for line, record in read_records(_unzipped(file)):
                position = file.tell()
                yield Raw(path, line, position, record)
        if line == 0:
            yield fault(0, "the file holds no record")
    except GivenUp as error:
        yield fault(line + 1, str(error))
    except PermissionError:
        yield fault(0, "no permission to read the file")
    except ijson.JSONError as error:
        yield fault(line + 1, "not JSON from here on, the rest of the file is not read", str(error))
    except (EOFError, OSError, zlib.error) as error:
        reason = "the file is cut off or damaged here, the rest is not read"
        yield fault(line + 1, reason, str(error))


def _unzipped(raw: BufferedReader) -> BufferedReader:
    if raw.peek(2)[:2] != b"\x1f\x8b":
        return raw
    return BufferedReader(_Unzipped(raw), _BUFFER_BYTES)


class _Unzipped(RawIOBase):
    """What a gzip file holds, up to the very byte where it is cut off.

    A plain GzipFile under a buffer loses what it had unpacked for the read that meets the cut.
    """

    def __init__(self, raw: BufferedReader) -> None:
        self._gzip = gzip.GzipFile(fileobj=raw)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: Buffer
        piece = self._gzip.read1(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def paper_or_reject(raw: Raw) -> Paper | Reject:
    """The paper of a record, cleaned and without keywords, or why there is none."""
    if isinstance(raw.record, Reject):
        return raw.record
    fields: object = None
    try:
        fields = decoded(raw.record)
        return paper_of(fields)
    except UnusableRecord as error:
        shown = fields.get("id") if isinstance(fields, dict) else None
        return Reject(raw.path, raw.line, error.what, _excerpt(shown or raw.record))


class Seen:
    """Ids and versions met in this run, on disk so that memory does not grow with the files."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("")  # a temporary file that SQLite removes by itself
        self._rows.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, version INT) WITHOUT ROWID")

    def judge(self, path: Path | str, line: int, found: Paper | Reject) -> Paper | Reject:
        """What was found, or a reject where the same paper stood before in no lower version."""
        if isinstance(found, Reject):
            return found
        is_new = self._rows.execute(
            "INSERT INTO seen VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version "
            "WHERE excluded.version > seen.version",
            (found.arxiv_id, found.version),
        ).rowcount
        reason = "duplicate of an earlier record"
        return found if is_new else Reject(path, line, reason, found.arxiv_id)


def _excerpt(record: object) -> str:
    if isinstance(record, UnusableRecord):
        return ""
    if isinstance(record, bytes):
        record = record[: 4 * _EXCERPT_CHARACTERS].decode(errors="replace")
    return clean_text(str(record)[:_EXCERPT_CHARACTERS])
