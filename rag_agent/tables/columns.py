"""The columns of a table: read from what was typed, or proposed from a question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from ingestion.errors import InvalidReply, ModelUnavailable
from ingestion.terms import terms
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.works import WorkPrompts

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
    """

    name: str
    question: str
    about: frozenset[str] = frozenset()


# How a usual column is asked for, and the words by which a sentence speaks of it. The rest is asked as named.
_USUAL_QUESTIONS = (
    (r"data ?sets?|corp(?:us|ora)|benchmarks?|data|samples?", "Which data set or data does the paper use?",
     "data dataset corpus benchmark sample image observation survey simulation measurement catalogue train test"),
    (r"(?:evaluation )?(?:metrics?|measures?)", "Which metric is used to evaluate the results?",
     "metric measure accuracy score error rate precision recall loss evaluate performance bleu auc rmse f1 ratio"),
    (r"(?:best|main|key) (?:results?|findings?)|results?|findings?",
     "What is the main result of the paper, with its number?", ""),
    (r"(?:model )?size|parameters?|number of parameters", "How many parameters does the model have?",
     "parameter size weight"),
    (r"code(?: availab\w+)?|source code|(?:open )?source|availability",
     "Where is the code or software of the paper available?",
     "code software implementation github repository package toolbox http"),
    (r"(?:methods?|approach|technique)", "Which method does the paper propose or use?", ""),
    (r"problems?|tasks?|goal|aim", "Which problem does the paper address?", ""),
    (r"limits?|limitations?|weakness(?:es)?", "Which limitation of the work does the paper state?",
     "limit however not only future weakness drawback fail restrict cannot challenge remain"),
)  # fmt: skip


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
    for pattern, question, about in _USUAL_QUESTIONS:
        if re.fullmatch(pattern, name, re.IGNORECASE):
            return Column(name, question, frozenset(terms(about)))
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
