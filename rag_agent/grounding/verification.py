"""Whether a claim stands on its quotes, and what is said instead when it does not.

A claim stands when every number and name in it occurs in its quotes, most of its words do, it denies what
they deny, and its meaning is near theirs. Quoting is never wrong, so a claim that does not stand becomes
the quote itself; but one that speaks of something the sentences do not is dropped.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ingestion.bibtex import bibtex as bibtex
from ingestion.embedding.model import Embedder
from ingestion.paper import Paper
from ingestion.terms import terms
from rag_agent.answer import Claim
from rag_agent.citation import Citation, quote_kind
from rag_agent.grounding.evidence import Evidence

# First choices, kept because `make bench-answers` then counts no claim that states what its quotes lack;
# they were not searched for. Lower values let paraphrases through whose meaning has turned.
_LEAST_COSINE = 0.55
_LEAST_SHARED = 0.6
_QUOTE_COSINE = 0.5  # below it even the nearest sentence is about something else
_MOST_QUOTES = 3

_NUMBER = re.compile(r"(?<![\w.])[-−+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
_NAME = re.compile(r"[^\W_][\w'’.+-]*[^\W_]|[^\W_]")
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|without|fails?|unable)\b|n['’]t\b", re.I
)
_WORD_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
_UNITS = frozenset(
    """% percent gb mb kb tb ghz mhz hz kev mev gev tev ev nm mm cm km kg ms fps db hours hour minutes
    days million billion trillion thousand kpc mpc pc au k""".split()
)


def check_claim(
    text: str,
    cited: Sequence[Evidence],
    shown: Sequence[Evidence],
    embedder: Embedder,
    keys: "Keys",
    known: str = "",
) -> Claim | None:
    """The claim with its quotes, or a quote in its place, or None when nothing shown is near it.

    Args:
        text: One English sentence by the model.
        cited: Evidence the model named for it.
        shown: All evidence it saw.
        embedder: For the distance between claim and quotes.
        keys: Numbers the quotes of one answer.
        known: What a quote in the claim's place need not say again: on one paper, what the user asked.
    """
    said = embedder.encode([text])[0]
    cosines = [float(evidence.vector @ said) for evidence in shown]
    nearest = sorted(range(len(shown)), key=lambda i: -cosines[i])
    named = [i for i in nearest if any(shown[i] is evidence for evidence in cited)]
    candidates = list(dict.fromkeys([*named, *nearest[:4]]))
    for chosen in _choices(named, candidates):
        if max(cosines[i] for i in chosen) < _LEAST_COSINE:
            continue
        quotes = [shown[i] for i in chosen]
        # The sentence says "we", the claim says who: then the title is the second quote.
        for support in (quotes, [*quotes, _title(quotes[0].paper)]):
            if stands_on(text, support):
                best = max(cosines[i] for i in chosen)
                return Claim(text, True, tuple(keys.cite(e, best) for e in support))
    if not candidates or cosines[candidates[0]] < _QUOTE_COSINE:
        return None
    nearest_shown = shown[candidates[0]]
    if _speaks_of_else(text, nearest_shown, shown, known):
        return None
    return quote(nearest_shown, cosines[candidates[0]], keys)


def quote(evidence: Evidence, cosine: float, keys: "Keys") -> Claim:
    """A claim that is its own quote."""
    return Claim(
        text=" ".join(evidence.text.split()),
        supported=True,
        citations=(keys.cite(evidence, cosine),),
        quoted=True,
    )


def _speaks_of_else(text: str, nearest: Evidence, shown: Sequence[Evidence], known: str) -> bool:
    """Whether a sentence has a name that the nearest evidence lacks, or a number that all of it lacks.

    Then it speaks of something that the quote does not say, and the quote is no answer in its place.
    """
    about = " ".join([known, *(f"{e.text} {e.reading} {e.paper.title}" for e in shown)])
    near = f"{known} {nearest.text} {nearest.reading} {nearest.paper.title}"
    return bool(numbers(text) - numbers(about) or _new_names(text, near))


def stands_on(text: str, quotes: Sequence[Evidence]) -> bool:
    """Whether numbers, names, words and negations of a sentence are those of its quotes."""
    said = " ".join(f"{evidence.text} {evidence.reading}" for evidence in quotes)
    verbatim = " ".join(evidence.text for evidence in quotes)
    if numbers(text) - numbers(verbatim):
        return False
    if names(text) - _words(said):
        return False
    if bool(_NEGATION.search(text)) and not _NEGATION.search(said):
        return False
    stems, known = set(terms(text)), set(terms(said))
    return len(stems & known) >= _LEAST_SHARED * len(stems)


def _new_names(text: str, said: str) -> set[str]:
    """Names in a text that another text has in no form: `Masked Language Modeling` is in `masked language model`."""
    stems = set(terms(said))
    return {name for name in names(text) - _words(said) if not stems.issuperset(terms(name))}


def numbers(text: str) -> set[str]:
    """Numbers in a text in one spelling: `10,000`, `10 000` and `10000` are one; so are `three` and `3`.

    A unit or magnitude behind a number belongs to it: `3 GB` and `3 MB` are two.
    """
    text = unicodedata.normalize("NFKC", text).replace("−", "-")
    text = re.sub(r"(?<=\d) (?=\d{3}\b)", "", text)
    found = set()
    for match in _NUMBER.finditer(text):
        value = match[0].replace(",", "").lstrip("+-")
        value = value.rstrip("0").rstrip(".") if "." in value else value
        unit = re.match(r"[\s-]*(%|[^\W\d_]+)", text[match.end() :])
        name = unit[1].lower() if unit else ""
        found.add(value + {"percent": "%"}.get(name, name) if name in _UNITS else value)
    words = re.findall(r"[a-z]+", text.lower())
    return found | {
        _WORD_NUMBERS[word] for word in words if word in _WORD_NUMBERS and word != "one"
    }


def names(text: str) -> set[str]:
    """Words that name something, lower-cased: a capital inside, a digit beside letters, or a capital
    that does not merely begin the sentence."""
    found = set()
    for position, match in enumerate(_NAME.finditer(text)):
        word = match[0]
        for place, part in enumerate(_parts(word), start=position):
            inner = any(c.isupper() for c in part[1:]) or (
                any(c.isdigit() for c in part) and any(c.isalpha() for c in part)
            )
            if inner or (place > 0 and part[:1].isupper()):
                found.add(_folded(part))
    return found


def _words(text: str) -> set[str]:
    return {
        form
        for match in _NAME.finditer(text)
        for part in (match[0], *_parts(match[0]))
        for form in (_folded(part), _folded(part).removesuffix("s"))
    }


def _parts(word: str) -> list[str]:
    return [part for part in re.split(r"[-–/.'’+]", word) if part]


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word)
    folded = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return folded.removesuffix("s") if len(folded) > 3 else folded


def _title(paper: Paper) -> Evidence:
    nowhere = np.zeros(0, np.float32)  # a title is cited beside a quote, never compared
    return Evidence(paper, None, 0, paper.title, paper.title, paper.text[:600], 0.0, 0.0, nowhere)


def _choices(named: Sequence[int], candidates: Sequence[int]) -> list[tuple[int, ...]]:
    """Sets of quotes to try, the model's own and small ones first."""
    singles = [(i,) for i in candidates]
    whole = [tuple(named[:_MOST_QUOTES])] if len(named) > 1 else []
    pairs = list(combinations(candidates[:5], 2))
    return [*singles[: len(named)], *whole, *singles[len(named) :], *pairs]


class Keys:
    """Numbers the quotes of one answer from 1; the same quote keeps its number."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, int | None, int], int] = {}

    def cite(self, evidence: Evidence, cosine: float) -> Citation:
        """The citation of a piece of evidence."""
        place = (evidence.paper.arxiv_id, evidence.page, evidence.start)
        return Citation(
            key=self._keys.setdefault(place, len(self._keys) + 1),
            paper=evidence.paper,
            page=evidence.page,
            quote=evidence.text,
            start=evidence.start,
            passage=evidence.passage,
            cosine=cosine,
            kind=quote_kind(evidence.paper, evidence.page),
        )
