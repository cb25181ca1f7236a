"""The full text of one paper, ready to be asked: its sentences as vectors and as terms, in memory.

Every sentence is embedded once, and every table once: numbers mean nothing to the model that embeds,
so a row shares its table's vector and is told from the others by its words. A passage (three
sentences, or rows of one table) is as close to a question as the mean of its sentences' vectors; BM25
over the passages' terms finds the names and numbers that vectors blur; the two are added. Pages and
vectors are cached on disk, so a second question starts at once. A paper has a few hundred sentences:
a NumPy matrix searches them in well under a millisecond, where building an index would cost more
than it saves.
"""

import hashlib
import json
import logging
import os
import re
import threading
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding.model import Embedder, Vectors
from ingestion.fulltext.passages import (
    SPLITTER,
    Passage,
    Sentence,
    join_sentences,
    passages_of,
    sentences_of,
    table_title,
)
from ingestion.fulltext.pdf_text import PARSER, PdfText, read_pdf
from ingestion.machine.private_folder import make_private
from ingestion.paper import Paper
from ingestion.settings import PdfSettings
from ingestion.terms import terms
from rag_agent.events import Event, Reading
from rag_agent.grounding.evidence import Evidence, context

Scores = NDArray[np.float32]

KEYWORD_WEIGHT = 1.0
"""Weight of BM25 beside the cosine, both scaled to 0 to 1 within the paper. Measured on 32 questions over six
papers, facts in the top 3 passages: 0.7 found 29, 1.0 and 1.3 found 30 (BM25 alone 23, cosine alone 20)."""
LENGTH_WEIGHT = 0.5
"""BM25's b. Footnotes and half sentences are short; the usual 0.75 puts them first (28 of 32, 0.5: 30)."""
AROUND_WEIGHT = 0.6
"""Weight of the best passage around a sentence in the sentence's own score."""
PASSAGES = 3
"""Passages that answer."""
PASSAGE_SHARE = 0.7
"""Most of the sentences shown that come from these passages. Measured on 44 own and the 10 shared questions, key
fact among 12 sentences: 0 found 42 and 8, 0.7 found 41 and 9; the gain is in questions that ask to explain."""
OPEN_PAPERS = 8
"""Papers kept in memory, about 3 MB each."""
_REGION_SENTENCES = (
    8  # the longest passage that neighbouring windows grow to (6: one of 44 questions fewer)
)
_ASKS_LONG_FORM = re.compile(r"\bstands? for\b|\bacronym|\babbreviat|\bshort for\b", re.IGNORECASE)
_ASKS_ORIGIN = re.compile(
    r"\bnamed? (?:after|for|because)\b|\b(?:origin|meaning) of (?:the|its) name\b|\bname comes? from\b"
    r"|\bgets? its name\b|\bwhy (?:is|was|are|do|does)\b.{0,60}\b(?:called|named|call|name)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-Z][\w-]*\b")
_NAME_PART = re.compile(r"[A-Z]+[a-z]*|[a-z]+")
_ORIGINS = 2  # words added for each part of a name
_SHORT_FORM = re.compile(r"\(([A-Z][A-Za-z]*[A-Z])s?\)")

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
        self._lock = threading.Lock()

    def open(
        self, paper: Paper, pdf: Path, emit: Callable[[Event], None] = lambda event: None
    ) -> "OpenPaper":
        """A paper's text, from memory, from the cache, or read and embedded now.

        Args:
            paper: Whose text it is.
            pdf: The file.
            emit: Told how far the reading is, page by page.

        Raises:
            PdfError: The file gives no text.
        """
        key = _key(paper, pdf, self._embedder.name)
        with self._lock:
            if key in self._open:
                self._open.move_to_end(key)
                return self._open[key]
        opened = self._load(key, paper) or self._read(key, paper, pdf, emit)
        with self._lock:
            self._open[key] = opened
            while len(self._open) > OPEN_PAPERS:
                self._open.popitem(last=False)
        return opened

    def _load(self, key: str, paper: Paper) -> "OpenPaper | None":
        stored = self._cache.get(key)
        if stored is None:
            return None
        text, vectors = stored
        opened = OpenPaper(paper, text, self._embedder, vectors)
        return opened if len(opened.sentences) == len(vectors) else None

    def _read(
        self, key: str, paper: Paper, pdf: Path, emit: Callable[[Event], None]
    ) -> "OpenPaper":
        text = read_pdf(pdf, self._settings)
        sentences = sentences_of(text.pages)
        texts = _embedded_texts(sentences)
        unique = list(dict.fromkeys(texts))
        done = 0

        def report(embedded: int) -> None:
            nonlocal done
            done += embedded
            pages = len(text.pages)
            emit(Reading(paper.arxiv_id, max(1, done * pages // len(unique)), pages))

        places = {embedded: place for place, embedded in enumerate(unique)}
        rows = [places[embedded] for embedded in texts]
        vectors = self._embedder.encode(unique, report)[rows]
        self._cache.put(key, text, vectors)
        return OpenPaper(paper, text, self._embedder, vectors)


def _embedded_texts(sentences: Sequence[Sentence]) -> list[str]:
    """What stands for each sentence in the vector store: its reading, or that of its table's first row.

    Measured on 1706.03762 it saves 30 % of the word pieces, and costs 1 of 32 questions their passage.
    """
    tables: dict[tuple[int, str], str] = {}
    return [
        tables.setdefault((sentence.page, table_title(sentence)), sentence.reading)
        if sentence.kind == "table"
        else sentence.reading
        for sentence in sentences
    ]


def _key(paper: Paper, pdf: Path, model: str) -> str:
    """Changes with the paper, its version, the file, and with everything that made the vectors."""
    parts = (paper.arxiv_id, str(paper.version), _digest(pdf), PARSER, SPLITTER, model)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _digest(pdf: Path) -> str:
    """SHA-256 of the file; empty where it cannot be read, which `read_pdf` then reports."""
    try:
        with pdf.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that answers best.

    Args:
        passage: The passage; neighbouring windows that both answer are grown to one.
        score: Relevance to the question, comparable within one question.
    """

    passage: Passage
    score: float


class OpenPaper:
    """One paper's text with its temporary vector store and keyword index.

    Args:
        paper: Whose text it is.
        text: Its pages.
        embedder: Embeds questions.
        vectors: float32 (sentences, dim), rows of norm 1, in the order of `sentences_of(text.pages)`.
    """

    def __init__(
        self, paper: Paper, text: PdfText, embedder: Embedder, vectors: NDArray[np.float32]
    ) -> None:
        self.paper = paper
        self.text = text
        self.sentences: list[Sentence] = sentences_of(text.pages)
        self.passages: list[Passage] = passages_of(text.pages, self.sentences)
        self._embedder = embedder
        self._vectors = vectors
        self._means = _means(vectors, self.passages)
        self._passage_terms = _KeywordIndex([f"{p.section} {p.reading}" for p in self.passages])
        self._sentence_terms = _KeywordIndex([sentence.reading for sentence in self.sentences])

    def best_passages(self, question: str, k: int = PASSAGES) -> list[FoundPassage]:
        """The `k` passages that say most about a question, best first, none overlapping another."""
        if not self.passages:
            return []
        regions = _regions(self.passages, self._ranked(question).passages, k)
        return [FoundPassage(self._joined(first, last), score) for first, last, score in regions]

    def best_sentences(self, question: str, n: int = 12) -> list[Evidence]:
        """The `n` sentences that say most about a question, in the order of the paper."""
        if not self.sentences:
            return []
        ranked = self._ranked(question)
        chosen = sorted(self._chosen(ranked, n))
        return [
            self._evidence(index, float(ranked.sentences[index]), vector, ranked.query)
            for index, vector in self._own_vectors(chosen).items()
        ]

    def _own_vectors(self, chosen: Sequence[int]) -> dict[int, Vectors]:
        """A vector for each sentence; a row's own, by which its table's rows are told apart in the checks."""
        rows = [index for index in chosen if self.sentences[index].kind == "table"]
        of_rows = self._embedder.encode([self.sentences[index].reading for index in rows])
        return {index: self._vectors[index] for index in chosen} | dict(
            zip(rows, of_rows, strict=True)
        )

    def _chosen(self, ranked: "_Ranked", n: int) -> list[int]:
        """Sentences of the best passages, which explain, then the best of all, which state a single fact."""
        best = np.argsort(-ranked.sentences, kind="stable").tolist()
        regions = _regions(self.passages, ranked.passages, PASSAGES)
        within = {
            index
            for first, last, _ in regions
            for index in range(self.passages[first].first, self.passages[last].last + 1)
        }
        of_passages = [index for index in best if index in within][: int(n * PASSAGE_SHARE)]
        return list(dict.fromkeys([*of_passages, *best]))[:n]

    def _ranked(self, question: str) -> "_Ranked":
        if _ASKS_LONG_FORM.search(question):
            question = " ".join([question, *_long_forms(question, self.sentences)])
        if _ASKS_ORIGIN.search(question):
            question = " ".join([question, *_origins(question, self.sentences)])
        query, asked = self._embedder.encode([question])[0], terms(question)
        passages = _scaled(self._means @ query) + KEYWORD_WEIGHT * _scaled(
            self._passage_terms.scores(asked)
        )
        sentences = _scaled(self._vectors @ query) + KEYWORD_WEIGHT * _scaled(
            self._sentence_terms.scores(asked)
        )
        around = np.zeros(len(self.sentences), np.float32)
        for passage, score in zip(self.passages, passages, strict=True):
            span = slice(passage.first, passage.last + 1)
            around[span] = np.maximum(around[span], score)
        return _Ranked(passages, sentences + AROUND_WEIGHT * around, query)

    def _joined(self, first: int, last: int) -> Passage:
        """The windows `first` to `last` as one passage."""
        if first == last:
            return self.passages[first]
        sentences = range(self.passages[first].first, self.passages[last].last + 1)
        return join_sentences(self.text.pages, self.sentences, sentences[0], sentences[-1])

    def _evidence(self, index: int, score: float, vector: Vectors, query: Vectors) -> Evidence:
        sentence = self.sentences[index]
        page = self.text.pages[sentence.page - 1].text
        return Evidence(
            paper=self.paper,
            page=sentence.page,
            start=sentence.start,
            text=sentence.text,
            reading=sentence.reading,
            passage=context(page, sentence.start, sentence.end),
            score=score,
            cosine=float(vector @ query),
            vector=vector,
        )


@dataclass(frozen=True, slots=True)
class _Ranked:
    """What one question makes of a paper.

    Args:
        passages: Relevance of each passage, float32 (passages,).
        sentences: Relevance of each sentence, float32 (sentences,).
        query: The question's vector, float32 (dim,) of norm 1.
    """

    passages: Scores
    sentences: Scores
    query: Vectors


def _long_forms(question: str, sentences: Sequence[Sentence]) -> list[str]:
    """What the paper's `Long Form (LF)` say of the short forms in a question: a name alone finds nothing."""
    found: dict[str, str] = {}
    for sentence in sentences:
        for match in _SHORT_FORM.finditer(sentence.text):
            short = match[1]
            words = re.findall(r"[\w’]+", sentence.text[: match.start()])[-len(short) :]
            initials = "".join(word[0] for word in words).upper()
            if re.search(rf"\b{short}\b", question) and initials == short.upper():
                found.setdefault(short, " ".join(words))
    return list(found.values())


def _origins(question: str, sentences: Sequence[Sentence]) -> list[str]:
    """The paper's words that begin as a part of a name does: `residual` for ResNet, `u-shaped` for U-Net.

    Papers seldom say where their names come from; they use the words. A single letter is found before a
    hyphen alone.
    """
    text = " ".join(sentence.reading for sentence in sentences).lower()
    counts = Counter(re.findall(r"[^\W\d_][\w-]*", text))
    found: list[str] = []
    names = [name for name in _NAME.findall(question) if not question.startswith(name)]
    for name in names:
        for part in map(str.lower, _NAME_PART.findall(name)):
            stem = f"{part}-" if len(part) == 1 else part
            alike = {w: n for w, n in counts.items() if w.startswith(stem) and w != name.lower()}
            longer = [w for w in alike if len(w) > len(stem) and not w.startswith(name.lower())]
            found += sorted(longer, key=lambda word: -alike[word])[:_ORIGINS]
    return list(dict.fromkeys(found))


def _means(vectors: NDArray[np.float32], passages: Sequence[Passage]) -> NDArray[np.float32]:
    """The mean direction of each passage's sentences: float32 (passages, dim), rows of norm 1."""
    means = np.zeros((len(passages), vectors.shape[1]), np.float32)
    for row, passage in enumerate(passages):
        means[row] = vectors[passage.first : passage.last + 1].mean(axis=0)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return means


def _regions(passages: Sequence[Passage], scores: Scores, k: int) -> list[tuple[int, int, float]]:
    """First and last window of the best `k` stretches: a good window next to a better one joins it."""
    regions: list[tuple[int, int, float]] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        for place, (first, last, score) in enumerate(regions):
            if first <= index <= last:
                break
            grown = (min(first, index), max(last, index))
            if grown[1] - grown[0] == last - first + 1 and _fits(passages, *grown):
                regions[place] = (*grown, score)
                break
        else:
            if len(regions) == k:
                break
            regions.append((index, index, float(scores[index])))
    return regions


def _fits(passages: Sequence[Passage], first: int, last: int) -> bool:
    """Whether windows may be read as one passage: on one page and in one section, and short."""
    opening, closing = passages[first], passages[last]
    return (
        opening.page == closing.page
        and opening.section == closing.section
        and closing.first <= passages[last - 1].last + 1
        and closing.last - opening.first < _REGION_SENTENCES
    )


def _scaled(scores: Scores) -> Scores:
    """Scores moved to 0 to 1 within the paper."""
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


class _KeywordIndex:
    """BM25 over a few hundred short texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s

        self._size = len(texts)
        self._index = bm25s.BM25(b=LENGTH_WEIGHT)
        documents = [terms(text) for text in texts]
        self._vocabulary = {term for document in documents for term in document}
        if self._vocabulary:
            self._index.index(documents, show_progress=False)

    def scores(self, asked: Sequence[str]) -> Scores:
        """BM25 of every text: float32 (texts,)."""
        known = [term for term in dict.fromkeys(asked) if term in self._vocabulary]
        if not known:
            return np.zeros(self._size, np.float32)
        return np.asarray(self._index.get_scores(known), np.float32)


class _Cache:
    """Texts and vectors on disk, one file a paper; the least recently used go first."""

    def __init__(self, folder: Path, limit_mb: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_mb * 1_000_000

    def get(self, key: str) -> tuple[PdfText, NDArray[np.float32]] | None:
        """What `put` stored; None where there is none or it cannot be read any more."""
        path = self._path(key)
        try:
            with np.load(path, allow_pickle=False) as stored:
                vectors = stored["vectors"].astype(np.float32)
                text = PdfText.from_json(json.loads(stored["text"].tobytes()))
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            _log.warning(
                "cached text %s cannot be read (%s): the PDF is read again", path.name, error
            )
            return None
        return text, vectors

    def put(self, key: str, text: PdfText, vectors: NDArray[np.float32]) -> None:
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
