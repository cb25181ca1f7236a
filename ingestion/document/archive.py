r"""The text files in a source archive, which is hostile: what leads outside, links and bombs are never followed.

Nothing is written to disk. The archive is unpacked as a stream that ends at a limit, so a bomb costs no memory.
"""

import io
import posixpath
import tarfile
import zlib
from collections.abc import Iterator

MAX_FILES = 3_000
"""Entries looked at; a paper with a thousand figures has fewer."""
MAX_UNPACKED_BYTES = 400_000_000
"""That unpacking may give in all: arXiv takes sources of at most 50 MB."""
MAX_TEXT_BYTES = 30_000_000
"""Of the text files together, which are kept in memory."""
_TEXTS = (".tex", ".ltx", ".latex", ".bbl", ".bib", ".sty", ".cls", ".txt", ".inp", ".tikz", ".def")
_GZIP, _PDF = b"\x1f\x8b", b"%PDF-"


class BadArchive(Exception):
    """An archive that gives no files; the text says why, as a clause about it."""


class _Stream(io.RawIOBase):
    """Unpacked gzip data, up to a limit."""

    def __init__(self, data: bytes) -> None:
        self._source = io.BytesIO(data)
        self._unpacker = zlib.decompressobj(wbits=31)
        self._ready = b""
        self._left = MAX_UNPACKED_BYTES

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._ready) < size:
            piece = self._unpacker.unconsumed_tail or self._source.read(1 << 16)
            if self._unpacker.eof:
                break
            if not piece:
                raise BadArchive("is cut off: it ends before all of it is unpacked")
            self._ready += self._unpacked(piece)
        taken = self._ready if size < 0 else self._ready[:size]
        self._ready = self._ready[len(taken) :]
        return taken

    def _unpacked(self, piece: bytes) -> bytes:
        try:
            unpacked = self._unpacker.decompress(piece, 1 << 20)
        except zlib.error as error:
            raise BadArchive("is damaged: it cannot be unpacked") from error
        self._left -= len(unpacked)
        if self._left < 0:
            raise BadArchive(
                f"unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB, as no paper's source does"
            )
        return unpacked


def files_of(data: bytes) -> dict[str, bytes]:
    """The text files of a source: those of a `.tar` or `.tar.gz`, or the one that a `.gz` holds.

    Args:
        data: Untrusted.

    Returns:
        Names within the archive, without `./` and never leading outside, to contents.

    Raises:
        BadArchive: It is none, holds a PDF alone, is damaged, or is larger than a paper's source.
    """
    stream = _Stream(data) if data.startswith(_GZIP) else io.BytesIO(data)
    head = stream.read(1 << 10)
    if head.startswith(_PDF):
        raise BadArchive("holds a PDF, no LaTeX: its authors gave no source")
    if head[257:262] == b"ustar" or _is_old_tar(head):
        return _members(_Rejoined(head, stream))
    if not data.startswith(_GZIP):
        raise BadArchive("is no .tar and no .gz archive")
    text = head + stream.read(MAX_TEXT_BYTES)
    if len(text) > MAX_TEXT_BYTES:
        raise BadArchive(
            f"unpacks to more than {MAX_TEXT_BYTES // 1_000_000} MB of text, as no paper's source does"
        )
    return {"main.tex": text}


def _is_old_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


class _Rejoined(io.RawIOBase):
    """A stream with its first bytes again before it."""

    def __init__(self, head: bytes, rest: io.RawIOBase | io.BytesIO) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        taken = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(taken) :]
        if size < 0 or len(taken) < size:
            taken += self._rest.read(-1 if size < 0 else size - len(taken)) or b""
        return taken


def _members(stream: _Rejoined) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = MAX_TEXT_BYTES
    try:
        with tarfile.open(fileobj=stream, mode="r|", errorlevel=0) as archive:
            for member in _counted(archive):
                name = _safe_name(member)
                if not name or not name.lower().endswith(_TEXTS):
                    continue
                left -= member.size
                if left < 0:
                    raise BadArchive(f"holds more than {MAX_TEXT_BYTES // 1_000_000} MB of text")
                content = archive.extractfile(member)
                found[name] = content.read() if content else b""
    except (tarfile.TarError, EOFError, ValueError) as error:
        if not found:
            raise BadArchive("is damaged: its list of files cannot be read") from error
    if not found:
        raise BadArchive("holds no LaTeX file")
    return found


def _counted(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for number, member in enumerate(archive, start=1):
        if number > MAX_FILES:
            raise BadArchive(f"holds more than {MAX_FILES:,} files")
        yield member


def _safe_name(member: tarfile.TarInfo) -> str:
    """A regular file's name within the archive; empty for links, devices, and names that lead outside."""
    name = posixpath.normpath(member.name.replace("\\", "/"))
    outside = (
        name.startswith(("/", "../", "~")) or name in ("..", ".") or ":" in name or "\0" in name
    )
    return "" if outside or not member.isreg() else name
