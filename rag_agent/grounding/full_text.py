"""The full texts of papers, ready to be asked: read and embedded once, kept in memory and on disk.

Every sentence is embedded once, and every table once: numbers mean nothing to the model that embeds,
so a row shares its table's vector and is told from the others by its words. Pages and vectors are
cached on disk, so a second question starts at once.
"""

import hashlib
import json
import logging
import os
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingestion.document import Document
from ingestion.embedding import Embedder
from ingestion.fulltext.documents import READER, read_document
from ingestion.fulltext.passages import SPLITTER, Sentence, sentences_of
from ingestion.machine.private_folder import make_private
from ingestion.paper import Paper
from ingestion.settings import PdfSettings
from rag_agent.grounding.open_paper import OpenPaper

OPEN_PAPERS = 8
"""Papers kept in memory, about 3 MB each."""

TEXTS = 3
"""Texts kept in memory to be looked at, about 10 MB for 60 pages."""

_log = logging.getLogger(__name__)


class FullText:
    """Opens papers from their PDFs and keeps them at hand.

    Args:
        settings: Limits on PDFs and on the cache's size.
        embedder: Embeds sentences and questions.
        folder: Folder of the cache; made on first use, safe to delete.
    """

    def __init__(self, settings: PdfSettings, embedder: Embedder, folder: Path) -> None:
        self._settings = settings
        self._embedder = embedder
        self._cache = _Cache(folder, settings.cache_mb)
        self._open: OrderedDict[str, OpenPaper] = OrderedDict()
        self._texts: OrderedDict[str, Document] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def open(
        self,
        paper: Paper,
        pdf: Path,
        on_page: Callable[[int, int], None] = lambda page, pages: None,
    ) -> OpenPaper:
        """A paper's text, from memory, from the cache, or read and embedded now.

        Args:
            paper: Whose text it is.
            pdf: The file.
            on_page: Told how far the reading is: the page, from 1, and how many there are.

        Raises:
            PdfError: The file gives no text.
        """
        key = _key(paper, pdf, self._embedder.name)
        with self._lock:
            if key in self._open:
                self._open.move_to_end(key)
                return self._open[key]
        opened = self._load(key, paper) or self._read(key, paper, pdf, on_page)
        with self._lock:
            self._open[key] = opened
            while len(self._open) > OPEN_PAPERS:
                self._open.popitem(last=False)
        return opened

    def text(self, paper: Paper, pdf: Path) -> Document:
        """A paper's text to be looked at, without the vectors that searching it takes; see `open`.

        Raises:
            PdfError: The file gives no text.
        """
        key = _key(paper, pdf, self._embedder.name)
        with self._reading:  # whoever else wants it waits instead of reading it too
            with self._lock:
                known = self._open[key].text if key in self._open else self._texts.get(key)
            if known is None:
                stored = self._cache.get(key)
                known = stored[0] if stored else read_document(pdf, self._settings)
            with self._lock:
                self._texts[key] = known
                self._texts.move_to_end(key)
                while len(self._texts) > TEXTS:
                    self._texts.popitem(last=False)
        return known

    def knows(self, paper: Paper, pdf: Path) -> bool:
        """Whether a paper's text was read before, so that opening it takes no reading."""
        return self._cache.has(_key(paper, pdf, self._embedder.name))

    def _load(self, key: str, paper: Paper) -> OpenPaper | None:
        stored = self._cache.get(key)
        if stored is None:
            return None
        text, vectors = stored
        opened = OpenPaper(paper, text, self._embedder, vectors)
        return opened if len(opened.sentences) == len(vectors) else None

    def _read(
        self, key: str, paper: Paper, pdf: Path, on_page: Callable[[int, int], None]
    ) -> OpenPaper:
        text = read_document(pdf, self._settings)
        sentences = sentences_of(text)
        texts = _embedded_texts(sentences)
        unique = list(dict.fromkeys(texts))
        done = 0

        def report(embedded: int) -> None:
            nonlocal done
            done += embedded
            pages = len(text.pages) or 1
            on_page(max(1, done * pages // len(unique)), pages)

        places = {embedded: place for place, embedded in enumerate(unique)}
        rows = [places[embedded] for embedded in texts]
        vectors = self._embedder.encode(unique, report)[rows]
        self._cache.put(key, text, vectors)
        return OpenPaper(paper, text, self._embedder, vectors)


def _embedded_texts(sentences: Sequence[Sentence]) -> list[str]:
    """What stands for each sentence in the vector store: its reading, or that of its table's first row.

    Measured on 1706.03762 it saves 30 % of the word pieces, and costs 1 of 32 questions their passage.
    """
    tables: dict[int, str] = {}
    return [
        tables.setdefault(sentence.block, sentence.reading)
        if sentence.kind == "table"
        else sentence.reading
        for sentence in sentences
    ]


def _key(paper: Paper, pdf: Path, model: str) -> str:
    """Changes with the paper, its version, the file, and with everything that made the vectors."""
    parts = (paper.arxiv_id, str(paper.version), _digest(pdf), READER, SPLITTER, model)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _digest(pdf: Path) -> str:
    """SHA-256 of the file; empty where it cannot be read, which `read_pdf` then reports."""
    try:
        with pdf.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


class _Cache:
    """Texts and vectors on disk, one file a paper; the least recently used go first."""

    def __init__(self, folder: Path, limit_mb: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_mb * 1_000_000

    def has(self, key: str) -> bool:
        """Whether something is stored under a key."""
        return self._path(key).exists()

    def get(self, key: str) -> tuple[Document, NDArray[np.float32]] | None:
        """What `put` stored; None where there is none or it cannot be read any more."""
        path = self._path(key)
        try:
            with np.load(path, allow_pickle=False) as stored:
                vectors = stored["vectors"].astype(np.float32)
                text = Document.from_json(json.loads(stored["text"].tobytes()))
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            _log.warning(
                "cached text %s cannot be read (%s): the PDF is read again", path.name, error
            )
            return None
        return text, vectors

    def put(self, key: str, text: Document, vectors: NDArray[np.float32]) -> None:
        """Store under a key, whole or not at all, then keep to the size limit."""
        encoded = np.frombuffer(json.dumps(text.as_json()).encode(), np.uint8)
        part = self._folder / f"{key}.{os.getpid()}.{threading.get_ident()}.part"
        try:
            make_private(self._folder)
            with part.open("wb") as file:
                np.savez_compressed(file, vectors=vectors.astype(np.float16), text=encoded)
            part.replace(self._path(key))
            self._evict()
        except OSError as error:
            _log.warning("the text just read cannot be cached (%s): it will be read again", error)
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _evict(self) -> None:
        entries = sorted(
            ((path.stat(), path) for path in self._folder.glob("*.npz")),
            key=lambda entry: entry[0].st_mtime,
        )
        total = sum(stat.st_size for stat, _ in entries)
        for stat, path in entries:
            if total <= self._limit_bytes:
                break
            path.unlink(missing_ok=True)
            total -= stat.st_size

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npz"
