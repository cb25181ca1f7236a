"""Chinese questions read as English ones, and what was found told in Chinese."""

import re
from collections.abc import Sequence

from ingestion.errors import ModelUnavailable
from ingestion.terms import terms
from rag_agent.asking.planning import language_of
from rag_agent.asking.services import Services
from rag_agent.citation import Claim
from rag_agent.grounding.checks.names import names, numbers, value_of
from rag_agent.model.client import Message

_TOKENS = 120
_VERDICT = re.compile(r"^(Yes|No)\.(?: (?=\S)|$)")
_VERDICTS = {"Yes": "是。", "No": "否。"}


def to_english(question: str, services: Services) -> str:
    """The question in English, whole: what is asked, with its numbers and names.

    Without a model, or where the reply is not English, the question as it stands, with a notice.
    """
    if language_of(question) == "en":
        return question
    english = _reply(services.prompts.to_english(question), "The answer only quotes.", services)
    if terms(english) and language_of(english) == "en":
        return english
    services.notice("The question could not be translated; it is searched for as it stands")
    return question


def in_chinese(claim: Claim, services: Services) -> Claim:
    """The claim told in Chinese; in English where it is a bare name or number, or a translation strays."""
    verdict = _VERDICT.match(claim.text)
    said = _VERDICT.sub("", claim.text)
    told = _translated(said, services)
    if told is None:
        told = said
    text = _VERDICTS[verdict[1]] + told if verdict else told
    return Claim(text, claim.supported, claim.citations, claim.quoted)


def _translated(text: str, services: Services) -> str | None:
    if not re.search(r"[a-z]{3,}\W+[a-z]{3,}", text):
        return None
    told = _reply(services.prompts.to_chinese(text), "What follows is not translated.", services)
    return told if _faithful(told, text) else None


def _reply(messages: Sequence[Message], otherwise: str, services: Services) -> str:
    """One line of the reader's; empty without a reader, and once, with a notice, where it fails now."""
    if services.reader is None:
        return ""
    try:
        return "".join(services.reader.stream(messages, _TOKENS, ["\n"])).strip()
    except ModelUnavailable as error:
        services.notice(f"{error} {otherwise}")
        services.reader = None
        return ""


def _faithful(told: str, text: str) -> bool:
    """Whether a translation is Chinese and keeps to the numbers and names of its original."""
    latin = re.sub(r"[^\x00-\x7f]+", " , ", told)
    values = {value_of(number) for number in numbers(text)}
    return (
        language_of(told) == "zh"
        and {value_of(number) for number in numbers(latin)} == values
        and all(name in text.casefold() for name in names(latin))
    )
