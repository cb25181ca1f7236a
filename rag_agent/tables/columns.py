"""The columns of a table: read from what was typed, or proposed from a question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from ingestion.errors import InvalidReply, ModelUnavailable
from ingestion.terms import terms
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.works import WorkPrompts
from rag_agent.tables import fixed_forms, named
from rag_agent.tables.fixed_forms import Reader

MOST_COLUMNS = 12
USUAL = ("problem", "method", "data set", "main result", "limitations")
"""Columns where neither the user nor the model names any."""

_BETWEEN = re.compile(r"\s*[;\n]\s*")
_COMMAS = re.compile(r"\s*,\s*")
_WORDS_OF_A_NAME = 5
_TOKENS = 80


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        name: Its heading.
        question: What each paper is asked.
        about: Stems of which a quote for the column must hold one; empty: any quote may do.
        told_as: How a paper would put it, searched for among the sentences about it; empty: the question is
            searched for, among all sentences.
        in_abstract: Whether the abstract is where papers say it.
        stated: Reads it without a model; where it finds nothing, a column that has `told_as` is asked too.
    """

    name: str
    question: str
    about: frozenset[str] = frozenset()
    told_as: str = ""
    in_abstract: bool = False
    stated: Reader | None = None


@dataclass(frozen=True, slots=True)
class _Usual:
    """A column that many tables have: how it is named, asked for and told, and the words that speak of it."""

    names: str
    question: str
    about: str = ""
    told_as: str = ""
    in_abstract: bool = False
    stated: Reader | None = None


# A question finds what is near to it in words; what a paper says of its data or its code is rarely that (of 50 cells
# 21 were right; `make bench-tables`, 29 November 2026). What has a fixed form is read by code, other columns are
# asked where papers tell them, and the rest as named.
_USUAL = (
    _Usual(
        r"data ?sets?|corp(?:us|ora)|benchmarks?|data|samples?",
        "On which data does the paper train or test: which data sets, corpora, benchmarks or observations?",
        "data dataset corpus benchmark observation survey simulation catalogue",
        "We train and evaluate on the data sets.",
        stated=named.data_sets,
    ),
    _Usual(
        r"(?:evaluation )?(?:metrics?|measures?)",
        "By which metric are the results evaluated?",
        stated=named.metrics,
    ),
    _Usual(
        r"(?:best|main|key) (?:results?|findings?)|results?|findings?",
        "What is the main result of the paper?",
        in_abstract=True,
    ),
    _Usual(
        r"model size|(?:(?:number|no\.) of |# ?)?(?:model )?param(?:eter)?s?",
        "How many parameters does the model have?",
        stated=fixed_forms.size,
    ),
    _Usual(
        r"code(?: availab\w+)?|source code|(?:open )?source|availability",
        "Where is the code or software of the paper available?",
        stated=fixed_forms.code,
    ),
    _Usual(
        r"(?:methods?|approach|technique)",
        "Which method does the paper propose or use?",
        in_abstract=True,
    ),
    _Usual(r"problems?|tasks?|goal|aim", "Which problem does the paper address?", in_abstract=True),
    _Usual(
        r"limits?|limitations?|weakness(?:es)?",
        "Which limitation of the work does the paper state?",
        "limit however not only future weakness drawback fail restrict cannot challenge remain",
        "A limitation of our work is that it cannot do this yet.",
    ),
)


_COUNT = re.compile(r"(?:number of|no\. of|count of|how many|#)\s*", re.I)
_ASKS = re.compile(r"(?:how|why|when|where|which|what|who|is|are|does|do|did|can|has|have)\b", re.I)
_VERBS = {
    "uses": "use", "requires": "require", "needs": "need", "supports": "support", "reports": "report",
    "trains": "train", "proposes": "propose", "assumes": "assume", "compares": "compare", "evaluates": "evaluate",
}  # fmt: skip
_DOES = re.compile(rf"({'|'.join(_VERBS)})\b", re.I)
_DONE = re.compile(r" (?:used|evaluated|compared|tested|reported|trained|released)$", re.I)


def columns_of(typed: str) -> tuple[Column, ...]:
    """The columns that a person typed, with semicolons, line ends or commas between them; none in a question.

    >>> [column.name for column in columns_of("data set; metric; best result")]
    ['data set', 'metric', 'best result']
    """
    named = [name for name in _BETWEEN.split(typed.strip()) if name]
    if len(named) == 1 and not typed.strip().endswith("?"):
        listed = [name for name in _COMMAS.split(named[0]) if name]
        short = all(len(name.split()) <= _WORDS_OF_A_NAME for name in listed)
        named = listed if short else []
    elif len(named) == 1:
        named = []
    return tuple(column(name) for name in dict.fromkeys(named))[:MOST_COLUMNS]


def column(name: str) -> Column:
    """The column of a name; a name that is a question is asked as it stands."""
    name = " ".join(name.split())
    if name.endswith("?"):
        return Column(name, name)
    for usual in _USUAL:
        if re.fullmatch(usual.names, name, re.IGNORECASE):
            about = frozenset(terms(usual.about))
            return Column(
                name, usual.question, about, usual.told_as, usual.in_abstract, usual.stated
            )
    thing = _DONE.sub("", _DOES.sub("", _COUNT.sub("", name)))
    return Column(name, question_of(name), frozenset(terms(thing)))


def question_of(name: str) -> str:
    """What a paper is asked for a column, by the form of its name: how many, which, whether, or what.

    >>> [question_of(name) for name in ("number of layers", "baselines", "uses dropout")]
    ['How many layers does the paper state?', 'What are the baselines?', 'Does the paper use dropout?']
    """
    counted = _COUNT.match(name)
    if counted:
        return f"How many {name[counted.end() :].strip()} does the paper state?"
    if _ASKS.match(name):
        return f"{name[:1].upper()}{name[1:]}?"
    does = _DOES.match(name)
    if does:
        verb = _VERBS[does[1].lower()]
        return f"Does the paper {verb} {name[does.end() :].strip()}?"
    done = _DONE.search(name)
    if done and done.start():
        return (
            f"Which {name[: done.start()].strip()} {_be(name[: done.start()])} {done[0].strip()}?"
        )
    return f"What {_be(name)} the {name}?"


def _be(name: str) -> str:
    """`are` for a plural, judged by the end of its head, the word before the first preposition."""
    head = re.split(r" (?:of|in|for|on|with|per|to|from|by) ", name)[0].split()[-1].lower()
    is_plural = head.endswith("s") and not head.endswith(("ss", "us", "is"))
    return "are" if is_plural or head == "data" else "is"


def propose(question: str, model: LanguageModel | None, prompts: WorkPrompts) -> tuple[Column, ...]:
    """Columns for a question: the model's proposal, or the usual ones where it has none."""
    names: Sequence[str] = ()
    if model is not None:
        try:
            names = model.structured(prompts.columns(question), _Proposal, _TOKENS).columns
        except (InvalidReply, ModelUnavailable):
            names = ()  # the usual columns are shown, and can be edited
    clean = [" ".join(name.split()) for name in names if name.strip()]
    return tuple(column(name) for name in dict.fromkeys(clean or USUAL))


class _Proposal(BaseModel):
    columns: list[str] = Field(min_length=1, max_length=6)
