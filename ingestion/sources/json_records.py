"""Records of a stream of JSON, lines or one array, untrusted: bounded in depth, length and blank space.

The bounds are looked at before a record is parsed: parsers follow nesting as deep as it goes, which took
3.9 GB for 40 kB of brackets, and Python's own functions end on it with a RecursionError.
"""

import codecs
import re
from collections.abc import Iterator
from io import BufferedReader, RawIOBase
from itertools import count
from typing import Any

import ijson
import orjson

from ingestion.sources.metadata_record import UnusableRecord

MAX_LINE_BYTES = 4 << 20
"""Longest record read. The longest of 20,000 real ones has 28,602 bytes, most for 1,776 authors."""

MAX_DEPTH = 32
"""Deepest nesting read. arXiv's snapshot nests three deep."""

MAX_BLANK_LINES = 1_000_000
"""Blank lines in a row after which a file is given up; it takes 0.3 s to pass them."""

MAX_SKIPPED_BYTES = 256 << 20
"""Length of a line at which a file is given up; shorter ones are passed over."""

MAX_VALUE_BYTES = 16 << 20
"""Bytes of an array without a value's end at which it is given up: they are held in memory."""

_BUFFER_BYTES = 1 << 16
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
_TOO_LONG = f"line longer than {MAX_LINE_BYTES >> 20} MB"


class GivenUp(Exception):
    """The rest of the file is not read; the message is a clause that says why."""


def read_records(stream: BufferedReader) -> Iterator[tuple[int, object]]:
    """(line or number of the element from 1, record): a line's bytes, an element's value, or its fault.

    A line's bytes are decoded by `decoded`, which also tells a line's fault.

    Raises:
        GivenUp: The file goes on without a record for longer than any real one.
        ijson.JSONError: An array is not JSON from here on.
    """
    if stream.peek(3).startswith(codecs.BOM_UTF8):
        stream.read(3)
    start = stream.peek(_BUFFER_BYTES)
    if start.lstrip()[:1] == b"[":
        return _elements(stream)
    if b"\r" in start and b"\n" not in start:
        return _lines(BufferedReader(_OldLineEnds(stream), _BUFFER_BYTES))
    return _lines(stream)


def decoded(record: object) -> object:
    """The value behind what `read_records` yields.

    Raises:
        UnusableRecord: It is not JSON, too long, or nested too deep.
    """
    if isinstance(record, UnusableRecord):
        raise record
    if not isinstance(record, bytes):
        return record
    if len(record) > MAX_LINE_BYTES:
        raise UnusableRecord(_TOO_LONG)
    if _is_deep(record):
        raise UnusableRecord(_TOO_DEEP)
    try:
        return orjson.loads(record)
    except orjson.JSONDecodeError as error:
        raise UnusableRecord("not JSON") from error


def _is_deep(record: bytes) -> bool:
    if record.count(b"[") + record.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKET.finditer(_TEXT.sub(b"", record)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _lines(stream: BufferedReader) -> Iterator[tuple[int, bytes]]:
    blank = 0
    for number in count(1):
        line = stream.readline(MAX_LINE_BYTES + 1)
        if not line:
            return
        if len(line) > MAX_LINE_BYTES:
            _skip_rest_of(line, stream)
        if line.strip():
            blank = 0
            yield number, line
            continue
        blank += 1
        if blank > MAX_BLANK_LINES:
            raise GivenUp("over a million blank lines, the rest of the file is not read")


def _skip_rest_of(line: bytes, stream: BufferedReader) -> None:
    skipped = len(line)
    while line and not line.endswith(b"\n"):
        line = stream.readline(MAX_LINE_BYTES)
        skipped += len(line)
        if skipped > MAX_SKIPPED_BYTES:
            raise GivenUp(f"a line of over {MAX_SKIPPED_BYTES >> 20} MB, the rest is not read")


def _elements(stream: BufferedReader) -> Iterator[tuple[int, object]]:
    pieces = _Pieces(stream)
    depth, number, started = 0, 0, 0
    builder: Any = None
    fault = ""
    for event, value in ijson.basic_parse(pieces, use_float=True):
        pieces.quiet = 0
        closes = event in ("end_array", "end_map")
        depth -= closes
        if closes and depth == 0:
            return
        if depth == 1 and not closes:
            number, started, builder, fault = number + 1, pieces.total, ijson.ObjectBuilder(), ""
        if not fault and depth >= 1:
            fault = _fault(depth, pieces.total - started)
            builder.event(event, value)
        depth += event in ("start_array", "start_map")
        if depth == 1 and number and (closes or event not in ("start_array", "start_map")):
            yield number, UnusableRecord(fault) if fault else builder.value


def _fault(depth: int, read_bytes: int) -> str:
    if depth > MAX_DEPTH:
        return _TOO_DEEP
    return _TOO_LONG if read_bytes > MAX_LINE_BYTES + _BUFFER_BYTES else ""


class _Pieces:
    """A stream for ijson: whole pieces also before a cut, and an end to values without one."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self.total = 0
        self.quiet = 0

    def read(self, size: int) -> bytes:
        piece = self._stream.read1(size)  # read() would drop a piece that meets a cut
        self.total += len(piece)
        self.quiet += len(piece)
        if self.quiet > MAX_VALUE_BYTES:
            raise GivenUp(f"a value of over {MAX_VALUE_BYTES >> 20} MB, the rest is not read")
        return piece


class _OldLineEnds(RawIOBase):
    """A stream whose lines end in CR alone, with line feeds instead; JSON's texts hold neither."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: Buffer
        piece = self._stream.read1(len(buffer)).replace(b"\r", b"\n")
        buffer[: len(piece)] = piece
        return len(piece)
