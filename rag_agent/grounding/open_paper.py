"""One paper's text, searched by meaning and by words: the passages and sentences that say most about a question.

A passage (three sentences, or rows of one table) is as close to a question as the mean of its sentences'
vectors; BM25 over the passages' terms finds the names and numbers that vectors blur; the two are added. A
paper has a few hundred sentences: a NumPy matrix searches them in well under a millisecond, where building
an index would cost more than it saves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ingestion.document import Document
from ingestion.embedding import Embedder, Vectors
from ingestion.fulltext.passages import (
    Passage,
    Sentence,
    has_formula,
    join_sentences,
    passages_of,
    sentences_of,
)
from ingestion.paper import Paper
from ingestion.terms import terms
from rag_agent.grounding.checks.names import topic_of
from rag_agent.grounding.evidence import Evidence, context
from rag_agent.grounding.form import things_asked
from rag_agent.grounding.table_cells import asked_for

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
TABLES = 2
"""Tables of which rows are shown: those of the best rows."""
LIST_ITEMS = 8
"""Most items that are shown for the sake of their list."""
# The longest passage that neighbouring windows grow to (6: one of 44 questions fewer).
_REGION_SENTENCES = 8
_TABLE_CHARACTERS = (
    6_000  # of a table shown whole around one of its rows; 40 rows of 150 characters
)


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
        text: Its document.
        embedder: Embeds questions.
        vectors: float32 (sentences, dim), rows of norm 1, in the order of `sentences_of(text)`.
    """

    def __init__(
        self, paper: Paper, text: Document, embedder: Embedder, vectors: NDArray[np.float32]
    ) -> None:
        self.paper = paper
        self.text = text
        self.sentences: list[Sentence] = sentences_of(text)
        self.passages: list[Passage] = passages_of(text, self.sentences)
        self._embedder = embedder
        self._vectors = vectors
        self._topic = topic_of(sentence.text for sentence in self.sentences)
        self._means = _means(vectors, self.passages)
        self._passage_terms = _KeywordIndex([f"{p.section} {p.reading}" for p in self.passages])
        self._sentence_terms = _KeywordIndex([sentence.reading for sentence in self.sentences])

    def best_passages(
        self, question: str, k: int = PASSAGES, formula_weight: float = 0.0
    ) -> list[FoundPassage]:
        """The `k` passages that say most about a question, best first, none overlapping another.

        `formula_weight` is added to the score, 0 to 2, of those that state a formula.
        """
        if not self.passages:
            return []
        scores = self._ranked(question).passages
        if formula_weight:
            stated = [has_formula(passage.text) for passage in self.passages]
            scores = scores + np.float32(formula_weight) * np.array(stated, np.float32)
        regions = _regions(self.passages, scores, k)
        return [FoundPassage(self._joined(first, last), score) for first, last, score in regions]

    def nearness(self, question: str) -> float:
        """Raw cosine of the question and the passage nearest to it, -1 to 1: found by meaning, as abstracts are."""
        if not self.passages:
            return -1.0
        return float((self._means @ self._embedder.encode([question])[0]).max())

    def best_sentences(
        self, question: str, n: int = 12, about: frozenset[str] = frozenset()
    ) -> list[Evidence]:
        """The `n` sentences that say most about a question, in the order of the paper.

        Args:
            question: English.
            n: Most sentences; of tables whole rows may come on top, and the rest of a list that was asked for.
            about: Stems of which each sentence shall hold one; empty: any sentence may do.
        """
        if not self.sentences:
            return []
        ranked = self._ranked(question)
        chosen = self._holding(about, ranked)[:n] if about else self._chosen(ranked, n)
        rows = self._rows_asked_for(question, sorted(chosen, key=lambda i: -ranked.sentences[i]))
        of_rows = dict(zip(rows, self._embedder.encode(list(rows.values())), strict=True))
        sentences = {i for i in chosen if self.sentences[i].kind != "table"}
        lists = set() if about else self._lists_asked_for(question, sentences)
        items = [
            i for i, s in enumerate(self.sentences) if s.lead_in in lists and i not in sentences
        ]
        others = set(items[:LIST_ITEMS])
        found = []
        for index in sorted({*rows, *sentences, *others}):
            sentence = self.sentences[index]
            evidence = self._evidence(
                replace(sentence, reading=rows.get(index, sentence.reading)),
                float(ranked.sentences[index]),
                of_rows.get(index, self._vectors[index]),
                ranked.query,
            )
            lead_in = sentence.lead_in if sentence.lead_in in lists else ""
            found.append(replace(evidence, lead_in=lead_in, completes=index in others))
        return found

    def within(self, start: int, end: int, question: str, n: int) -> list[Evidence]:
        """The sentences that a span of the text touches, in their order; of more than `n` the best for a question."""
        ranked = self._ranked(question)
        touched = [i for i, s in enumerate(self.sentences) if s.start < end and start < s.end]
        best = sorted(touched, key=lambda i: -ranked.sentences[i])[:n]
        return [
            self._evidence(
                self.sentences[index],
                float(ranked.sentences[index]),
                self._vectors[index],
                ranked.query,
            )
            for index in sorted(best)
        ]

    def _rows_asked_for(self, question: str, chosen: Sequence[int]) -> dict[int, str]:
        """Of the tables with the best rows among `chosen`, the rows and cells asked for: readings by sentence."""
        best = [index for index in chosen if self.sentences[index].kind == "table"]
        tables = list(dict.fromkeys(self.sentences[index].block for index in best))[:TABLES]
        readings: dict[int, str] = {}
        for table in tables:
            rows = [
                i for i, s in enumerate(self.sentences) if s.kind == "table" and s.block == table
            ]
            asked = asked_for(question, [self.sentences[i].reading for i in rows])
            readings |= {rows[place]: reading for place, reading in asked.items()}
        return readings

    def _lists_asked_for(self, question: str, chosen: set[int]) -> set[str]:
        """What opens the lists of which something was chosen, where it names the things that a question asks for."""
        asked, read = things_asked(question), self.sentences
        if not asked:
            return set()
        return {
            opening
            for opening in {sentence.lead_in for sentence in read if sentence.lead_in}
            if not asked.isdisjoint(terms(opening))
            and any(read[i].lead_in == opening or read[i].text.startswith(opening) for i in chosen)
        }

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

    def _holding(self, stems: frozenset[str], ranked: "_Ranked") -> list[int]:
        """Sentences that hold one of some stems, best first."""
        best = np.argsort(-ranked.sentences, kind="stable").tolist()
        return [i for i in best if not stems.isdisjoint(terms(self.sentences[i].reading))]

    def _ranked(self, question: str) -> "_Ranked":
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
        return join_sentences(self.text, self.sentences, sentences[0], sentences[-1])

    def _evidence(
        self, sentence: Sentence, score: float, vector: Vectors, query: Vectors
    ) -> Evidence:
        start = self.text.page_start(sentence.page)
        return Evidence(
            paper=self.paper,
            page=sentence.page,
            start=sentence.start - start,
            text=sentence.text,
            reading=sentence.reading,
            passage=self._around(sentence),
            score=score,
            cosine=float(vector @ query),
            vector=vector,
            section=sentence.section,
            quotable=sentence.quotable,
            topic=self._topic,
            is_row=sentence.kind == "table",
            form=self.text.form,
        )

    def _around(self, sentence: Sentence) -> str:
        """The stored text around a sentence; around a row its table with the caption, if they are not too long."""
        block = self.text.block_at(sentence.start)
        if block and block.kind == "table":
            start, end = self.text.with_caption(block)
            if end - start <= _TABLE_CHARACTERS:
                return self.text.text[start:end]
        page = self.text.page_start(sentence.page)
        end = self.text.pages[sentence.page - 1].end if sentence.page else len(self.text.text)
        return context(self.text.text[page:end], sentence.start - page, sentence.end - page)


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
