"""Sentences of a review: the model writes one from a few quotes, and code keeps it only if they carry it."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ingestion.fulltext.passages import sentences_in
from ingestion.paper import Paper
from ingestion.terms import terms
from rag_agent.asking.services import Services
from rag_agent.citation import Claim
from rag_agent.grounding.checks.names import numbers, value_of
from rag_agent.grounding.checks.verification import stands_on
from rag_agent.grounding.drafting import checked
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.keys import Keys

_TOKENS = 90
_LEAST_WORDS = 6

# Whose work it is: a review speaks of the authors, not as one of them.
_SPEAKERS = (
    (re.compile(r"\b(?:in|with|through|by) (?:this|our) (?:paper|work|article|study|thesis|letter),? ", re.I), ""),
    (re.compile(r"\bthis (paper|work|article|study|review|survey|thesis|letter)\b", re.I), r"the \1"),
    (re.compile(r"\bour\b", re.I), "their"),
    (re.compile(r"\bwe\b", re.I), "the authors"),
    (re.compile(r"\bus\b"), "the authors"),
)  # fmt: skip
_OPENING = re.compile(r"^(?:the (?:authors?|paper|work|article|study)|they)\b(?! of\b)", re.I)
_ITS = re.compile(
    r"^(?:presents|proposes|introduces|describes|shows|studies|develops|investigates|demonstrates|examines|explores|"
    r"reviews|provides|reports|analyzes|analyses|addresses|considers|proves|discusses|argues|surveys|compares|"
    r"evaluates|derives|finds|establishes|constructs|aims|focuses)\b"
)


def sentence(quotes: Sequence[Evidence], services: Services) -> Claim | None:
    """One sentence from quotes that say alike, with those that carry it; None where none does.

    Raises:
        ModelUnavailable: No model answers.
    """
    if services.reader is None:
        return None
    excerpts = [quote.reading for quote in quotes]
    messages = services.prompts.works.sentence(excerpts)
    written = sentences_in(
        "".join(services.reader.stream(messages, _TOKENS, ["\n"])).strip(' -•*"')
    )
    for text in written[:1]:
        claim = _carried(_as_reported(text), quotes, services)
        if claim is not None:
            return claim
    return None


def difference(a: Evidence, b: Evidence) -> Claim:
    """Two quotes side by side, word for word: no model writes where papers disagree, and no word says that they do."""
    keys = Keys()
    text = f"{label(a.paper)}: “{_plain(a.text)}” {label(b.paper)}: “{_plain(b.text)}”"
    return Claim(text, True, (keys.cite(a, a.cosine), keys.cite(b, b.cosine)), quoted=True)


def _carried(text: str, quotes: Sequence[Evidence], services: Services) -> Claim | None:
    """The sentence with every quote that carries it, alone or together, after the checks of an answer."""
    if len(text.split()) < _LEAST_WORDS:
        return None
    keys = Keys()
    claim = checked(text, "", quotes, services.embedder, keys)
    if claim is None or not _numbers_stand(claim):
        return None
    agreeing = [quote for quote in quotes if quote.quotable and stands_on(text, [quote])]
    more = tuple(keys.cite(quote, quote.cosine) for quote in agreeing)
    citations = tuple({citation.key: citation for citation in (*claim.citations, *more)}.values())
    papers = {citation.paper.arxiv_id: citation.paper for citation in citations}
    named = _named(text, next(iter(papers.values()))) if len(papers) == 1 else text
    return replace(claim, text=named, citations=citations)


def _numbers_stand(claim: Claim) -> bool:
    said = {value_of(n) for citation in claim.citations for n in numbers(citation.quote)}
    return {value_of(number) for number in numbers(claim.text)} <= said


def _as_reported(text: str) -> str:
    """A sentence in which the authors are spoken of."""
    for pattern, instead in _SPEAKERS:
        text = pattern.sub(instead, text)
    text = " ".join(text.split())
    return text[:1].upper() + text[1:]


def _named(text: str, paper: Paper) -> str:
    """A sentence on one paper that begins with the authors' name where it spoke of them."""
    opening = _OPENING.match(text)
    if opening is None:
        return text
    rest = text[opening.end() :]
    if not opening[0].lower().endswith(("s", "they")) and _ITS.match(rest.strip()) is None:
        return text
    return f"{label(paper)}{rest}"


def label(paper: Paper) -> str:
    """A paper's authors in running text: one, two, or the first with et al."""
    families = [name.split(",")[0].split()[-1] for name in paper.authors if name.strip(" ,")]
    if not families or families[0] == "others":
        return "the authors"
    if len(families) == 2 and families[1] != "others":
        return f"{families[0]} and {families[1]}"
    return families[0] + (" et al." if len(families) > 1 else "")


def says_new(claim: Claim, earlier: Sequence[Claim]) -> bool:
    """Whether no earlier sentence says the same words."""
    said = set(terms(claim.text))
    return all(len(said - set(terms(other.text))) > 0.2 * len(said) for other in earlier)


def _plain(text: str) -> str:
    return " ".join(text.split())
