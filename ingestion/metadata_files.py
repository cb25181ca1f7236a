"""Papers from files of arXiv metadata, one at a time, and the reason for each record that is none.

Two layouts are understood, field by field: arXiv's own metadata snapshot (authors_parsed, categories in one
string, versions, comments) and plain records (lists of authors and categories, published, updated, comment).
Files hold JSON lines or one JSON array, gzipped or not; which of these is read from the bytes, not from
the name, since the snapshot holds lines and is called .json.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import ijson
import orjson

from ingestion.cleaning import clean_text
from ingestion.errors import InvalidArxivId, SourceError
from ingestion.paper import Paper, parse_arxiv_id

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
"""Endings of the files that are read of a folder. A file named outright may be called anything."""

MAX_LINE_BYTES = 4 << 20
"""Longest line read. The largest record of 100,000 real ones has 0.1 MB, mostly 3,000 authors."""

MIN_ABSTRACT_CHARACTERS = 40
"""Shortest abstract kept. The shortest of 20,000 real ones has 82; `Withdrawn.` and `None` are shorter."""

MAX_ABSTRACT_CHARACTERS = 10_000
"""Longest abstract kept. arXiv takes 1,920 (https://info.arxiv.org/help/prep.html#abstracts); the longest of
20,000 real ones, of before that limit, has 4,031."""

MAX_TITLE_CHARACTERS = 1_000
MAX_COMMENT_CHARACTERS = 1_000
_EXCERPT_CHARACTERS = 120
_PROGRESS_EVERY = 200

_WORK = r"(?:paper|submission|article|manuscript|preprint|work|note|letter|document)"
_WITHDRAWN = re.compile(
    # A sentence about this paper; quoted sentences, and papers about withdrawals, begin otherwise.
    rf"(?:^|[.;:!?\]\)]\s+|[\[\(]\s*)\W?(?:(?:this|the|our)\s+(?:\w+\s+)?{_WORK}\s+"
    r"(?:(?:has|have)\s+(?:now\s+)?been|is(?:\s+being)?|was)\s+(?:temporarily\s+|now\s+|hereby\s+)?"
    rf"(?:withdrawn|retracted)|(?:(?:this|the)\s+)?(?:{_WORK}\s+)?withdrawn\s*(?:$|[.;,!:\(]"
    r"|by\s+(?:the\s+)?(?:sub|auth|arxiv)|due\s+to|because|since|to\s+\w+\s+\w+|for\s+(?:now|revision)))",
    re.IGNORECASE,
)
_WITHDRAWING = re.compile(
    rf"\bwithdraw(?:ing)?\s+(?:this|the|our|my)\s+{_WORK}|^arxiv admin note:.{{0,80}}\bwithdrawn",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reject:
    """A record, or the rest of a file, that did not become a paper.

    Args:
        path: The file.
        line: Line of the file, from 1; in a JSON array the number of the element; 0 for the whole file.
        reason: One of a few fixed clauses, so that rejects can be counted by it.
        excerpt: The id where there is one, else the start of the record, safe to print.
    """

    path: Path
    line: int
    reason: str
    excerpt: str


class _Unusable(Exception):
    """Why a record is no paper."""


def read_papers(
    paths: Sequence[Path], on_progress: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[Paper | Reject]:
    """Every record of the files, in order; folders are searched for `SUFFIXES` at any depth.

    Memory does not grow with a file. Duplicates come as often as they stand there.

    Args:
        paths: Files and folders.
        on_progress: Told (bytes read, bytes in all), compressed bytes of compressed files.

    Raises:
        SourceError: A path does not exist, or a folder holds no such file. Nothing has been read by then.
    """
    files = find_files(paths)
    sizes = [_size(file) for file in files]
    for number, file in enumerate(files):
        before = sum(sizes[:number])
        yield from _read_file(file, lambda done: on_progress(before + done, sum(sizes)))  # noqa: B023
        on_progress(before + sizes[number], sum(sizes))


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The files behind the paths, folders searched, each file once.

    Raises:
        SourceError: A path does not exist, or a folder holds no file named like one of `SUFFIXES`.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise SourceError(f"{path} does not exist", next_step="Name a file or folder of arXiv metadata")
        inside = sorted(file for file in path.rglob("*") if file.name.endswith(SUFFIXES))
        if path.is_dir() and not inside:
            raise SourceError(f"{path} holds no {', '.join(SUFFIXES)} file")
        found.update(dict.fromkeys(inside if path.is_dir() else [path]))
    return list(found)


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


def _read_file(file: Path, on_progress: Callable[[int], None]) -> Iterator[Paper | Reject]:
    line = 0
    try:
        with file.open("rb") as raw:
            stream = _unzipped(raw)
            array = _first_byte(stream) == b"["
            for line, record in _elements(stream) if array else _lines(stream):  # noqa: B007
                yield _paper_or_reject(file, line, record)
                if line % _PROGRESS_EVERY == 0:
                    on_progress(raw.tell())
            if line == 0:
                yield Reject(file, 0, "the file is empty", "")
    except PermissionError:
        yield Reject(file, 0, "no permission to read the file", "")
    except ijson.JSONError as error:
        yield Reject(file, line + 1, "not JSON from here on, the rest is not read", _excerpt(str(error)))
    except (EOFError, OSError, zlib.error) as error:
        yield Reject(file, line + 1, "the file is cut off or damaged here", _excerpt(str(error)))
