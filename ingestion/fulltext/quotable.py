"""Which sentences of a paper are evidence: those that state something.

Questions of the paper's own, headings, lines of the contents, author lines, running heads, and pieces of cut
sentences may stand around a quote, but are none. The rules read the text alone and give a reason that a
reader understands. They drop a piece only where it is short and nothing in it looks like a verb, so that
what is dropped wrongly is rare.

Measured: of 4,740 sentences of twenty papers (ten of `pdfs/papers`, ten of `qa/qasper-papers`) 126 are no
evidence. All were read: one of them states something (`ARC Easy An easy subset of ARC.`), less than 0.1 % of
the statements; 35 are ends of sentences that a column, page or formula cuts in two. The rules were written on
these. On 13,044 sentences of 3,001 abstracts that they were not written on, they drop 36 that are no
questions, all of them pieces of formulas, names or cut sentences; a first version also dropped 8 short
statements beginning with `We` or `Consider`, and was mended.
"""

import re

from ingestion.document.blocks import Kind
from ingestion.fulltext.sentences import has_formula

CUT_WORDS = 8
"""A piece of a cut sentence with fewer says nothing alone; longer ones mostly hold a clause."""
FRAGMENT_WORDS = 8
"""Most words of a piece that ends like a sentence and has no verb."""
HEADING_WORDS = 12
"""Most words of a heading: the longest of 216 in ten papers has 10."""

BULLET = re.compile(r"[•‣▪◦∙–—]\s|\(?(?:\d{1,2}|[a-z])[.)]\s")
_CONTENTS = re.compile(r"(?:\.\s?){4,}\d+\s*$")
_QUESTION = re.compile(r"\?[\s)\]”\"’']*$")
_MAIL = re.compile(r"\S@[\w-]+\.\w")
_AUTHOR = re.compile(
    r"^[∗*†‡§¶\d]?\s?(?:equal(?:ly)?\b|work (?:performed|done)|corresponding author|contributions? (?:to|by)\b"
    r"|authors? contributed)|\b(?:department|institute|university|school|faculty|laborator(?:y|ies)) (?:of|for)\b",
    re.IGNORECASE,
)
_RUNNING_HEAD = re.compile(
    r"^(?:published|accepted|submitted|under review|preprint|to appear)\b.{0,40}"
    r"(?:conference|journal|workshop|review|proceedings|preprint)|^preprint\b|^arXiv:|©"
    r"|^(?:\d+(?:st|nd|rd|th) )?conference on |^proceedings of ",
    re.IGNORECASE,
)
_TERMINAL = re.compile(r"[.!?:;][\d∗*†‡)\]”\"’']*$")
_NAME = re.compile(r"\w*(?:[A-Z\d]|-)\w*")
LEFT_OPEN = re.compile(
    r"(?:[-‐,]|\b(?:a|an|the|of|and|or|we|with|that|for|to|in|on|at|by|from|as|is|are|has|have|than|this|its)),?$",
    re.IGNORECASE,
)
_DEFINITION = re.compile(r"\w\)?: \w")  # `Individual (IND): Posts targeting an individual.`
_SENTENCE_WITHIN = re.compile(r"[.!?] [A-Z]")
_MARK_BEFORE = re.compile(r"[\s(\[“\"'‘]*")
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|be|been|am|has|have|had|do|does|did|can|could|may|might|must|shall|should|will|would"
    r"|cannot|let)\b|n[’']t\b|[’'](?:ll|re|ve|s)\b",
    re.IGNORECASE,
)
# Verbs whose form in "they …" or in the past looks like no other verb's; those in -s and -ed need no list.
_PLAIN_VERB = re.compile(
    r"\b(?:[Ww]e|[Tt]hey|[Yy]ou|I|[Cc]onsider|[Rr]ecall|[Ss]uppose|[Nn]ote|won|took|led|made|gave|came|found|ran|held|kept|met|got|became|began|built|fell|rose|grew"
    r"|left|lost|meant|saw|sent|drew|chose|wrote|beat|show|use|achieve|obtain|outperform|perform|improve|report"
    r"|follow|describe|propose|present|find|observe|compare|train|evaluate|need|require|yield|give|make|take|lead"
    r"|change|dominate|remain|allow|enable|provide|rely|depend|differ|contain|include|consist|become|generali[sz]e"
    r"|reach|exceed|increase|decrease|suggest|indicate|demonstrate|learn|see|denote|define|assume|tend|seem|appear"
    r"|occur|exist|help|hold|mean|reduce|produce|represent|apply|work|fail|benefit|suffer|vary|converge|adopt)\b"
)
_INFLECTED = re.compile(r"\b[a-z]{2,}(?:ed|[^suio\W]s)\b")


def why_not_quotable(text: str, kind: Kind = "text", lead_in: str = "") -> str:
    """Why a sentence is no evidence, as a reader may be told it; empty where it may be quoted.

    Args:
        text: The sentence as it stands.
        kind: Of its block; a table's rows, equations and algorithms are always evidence, a caption unless it asks.
        lead_in: The sentence that opens its list, which makes an item whole; empty outside lists.
    """
    if kind in ("table", "equation", "algorithm"):
        return ""
    if _QUESTION.search(text):
        return "a question"
    if kind == "caption":
        return ""
    return _furniture(text) or ("" if lead_in or has_formula(text) else _piece(text))


def _furniture(text: str) -> str:
    """What a page carries besides its sentences."""
    if _CONTENTS.search(text):
        return "a line of the contents"
    verbless = not _has_verb(text)
    signed = _AUTHOR.search(text) and (verbless or text[0] in "∗*†‡§¶")
    if signed or _is_address(text):
        return "an author line"
    if verbless and _RUNNING_HEAD.search(text):
        return "a running head"
    return ""


def _is_address(text: str) -> bool:
    return _MAIL.search(text) is not None and len(text.split()) < FRAGMENT_WORDS


def _piece(text: str) -> str:
    """What is less than a sentence."""
    words = text.split()
    has_verb = _has_verb(text)
    ended = _TERMINAL.search(text) is not None
    if len(words) < CUT_WORDS and _begins_inside(text):
        return "cut off at its beginning"
    if ended:
        is_whole = has_verb or len(words) > FRAGMENT_WORDS or _DEFINITION.search(text)
        return "" if is_whole else "no whole sentence"
    if not has_verb and len(words) <= HEADING_WORDS and not LEFT_OPEN.search(text):
        return "a heading"
    return "cut off at its end" if len(words) < CUT_WORDS else ""


def _begins_inside(text: str) -> bool:
    """It begins in lower case, with no name such as `word2vec`, and no sentence begins later in it."""
    opening = _MARK_BEFORE.sub("", text, count=1)
    if not opening[:1].islower() or BULLET.match(text) or _SENTENCE_WITHIN.search(text):
        return False
    return _NAME.fullmatch(opening.split(maxsplit=1)[0]) is None


def _has_verb(text: str) -> bool:
    """Whether anything in it may be a finite verb; a noun in -s counts, so that few sentences are missed."""
    return any(rule.search(text) for rule in (_AUXILIARY, _PLAIN_VERB, _INFLECTED))
