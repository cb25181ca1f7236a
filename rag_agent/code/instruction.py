"""What the coder is asked to build: a request in its parts, and the formulas of the passages to it."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ingestion.errors import AgentError
from ingestion.fulltext.passages import has_formula, sentences_in
from rag_agent.citation import Citation

_PARTS = 6
_FORMULA_ROOM = 1200  # characters around the best quote in which formulas that belong to it stand
_FORMULAS = 3

Line = Annotated[str, Field(min_length=3, max_length=140)]
Formula = Annotated[str, Field(min_length=3, max_length=200)]


class Instruction(BaseModel):
    """A request for one program, made bounded.

    Args:
        goal: What the program shows, one sentence.
        definition: Of the function or class, such as `def softmax(x, axis)`; empty leaves it to the coder.
        inputs: Each with its shape or range.
        outputs: Each with its shape or range.
        requirements: What the code must do, one thing a line.
        formulas: Sentences of the paper that hold formulas, as they stand there.
    """

    model_config = ConfigDict(frozen=True)

    goal: str = Field(min_length=5, max_length=200)
    definition: str = Field(default="", max_length=160)
    inputs: tuple[Line, ...] = Field(max_length=5)
    outputs: tuple[Line, ...] = Field(max_length=3)
    requirements: tuple[Line, ...] = Field(min_length=1, max_length=_PARTS)
    formulas: tuple[Formula, ...] = Field(default=(), max_length=_FORMULAS)

    def as_text(self) -> str:
        """The form that the coder reads and a user edits; `parse_instruction` reads it back."""
        parts = [f"Goal: {self.goal}"]
        if self.definition:
            parts.append(f"Definition: {self.definition}")
        for name in _LISTS:
            lines = getattr(self, name)
            if lines:
                parts += [f"{name.capitalize()}:", *(f"- {line}" for line in lines)]
        return "\n".join(parts)


_LINES = ("goal", "definition")
_LISTS = ("formulas", "inputs", "outputs", "requirements")


def parse_instruction(text: str) -> Instruction:
    """Read an edited instruction back.

    Raises:
        AgentError: No goal, no requirement, a line too long, or too many lines.
    """
    single: dict[str, str] = {}
    lists = {name: list[str]() for name in _LISTS}
    current = None
    for line in filter(None, map(str.strip, text.splitlines())):
        heading, _, rest = line.partition(":")
        if heading.lower() in _LINES:
            single[heading.lower()] = rest.strip()
        elif heading.lower() in lists and not rest:
            current = lists[heading.lower()]
        elif current is not None:
            current.append(line.removeprefix("-").strip())
    try:
        return Instruction.model_validate({"goal": "", **single, **lists})
    except ValueError as error:
        first = str(error).splitlines()
        raise AgentError(
            f"The edited instruction cannot be read: {' '.join(first[1:3]).strip()}",
            kept="Nothing was generated",
            next_step="Keep the headings Goal, Definition, Formulas, Inputs, Outputs, Requirements and short lines",
        ) from error


_ASKS = re.compile(
    r"^\s*(?:please\s+|can you\s+|could you\s+)?(?:show|implement|write|compute|build|give|demonstrate|code|program"
    r"|create|illustrate|reproduce|sketch)\b(?:\s+(?:me|us))?(?:\s+(?:an?\s+)?(?:program|code|function|class)\s+"
    r"(?:that|for|of|which)(?:\s+shows?)?)?(?:\s+how)?\s*",
    re.IGNORECASE,
)
_BETWEEN_PARTS = re.compile(
    r"[,;()，；（）]|\b(?:with|using|and)\s+(?=(?:an?|the|its|one|two|both)\b)|(?<=\w)[.?!。？！]\s*$"
)
_ABOUT_THE_PAPER = re.compile(
    r"^\s*(?:as|of|from|in)\s+(?:this|the)\s+(?:paper|article)\b.*|\s+(?:of|from|in)\s+this\s+paper\b",
    re.IGNORECASE,
)
_PART_WORDS = 2  # of fewer is no requirement by itself: `with a running maximum and sum`


def instruction_of(question: str, passages: Sequence[Citation]) -> Instruction:
    """A request and what the paper says to it, as the coder gets them: nothing is added to either.

    A reader model was asked for definition and requirements before. What it invented was neither asked for
    nor in the paper ("frozen for the first r layers"), the coder followed it, and a review found it met.

    Args:
        question: What to build.
        passages: Of the paper, best first.
    """
    return Instruction(
        goal=" ".join(question.split())[:200].ljust(5, "."),
        formulas=formulas_in(passages),
        inputs=(),
        outputs=(),
        requirements=requirements_of(question),
    )


def requirements_of(question: str) -> tuple[str, ...]:
    """What a request names, one part a line, in its own words; at most 6."""
    asked = _ASKS.sub("", " ".join(question.split()))
    pieces = [_ABOUT_THE_PAPER.sub("", piece).strip(" :.") for piece in _BETWEEN_PARTS.split(asked)]
    parts: list[str] = []
    for piece in filter(None, pieces):
        if parts and len(piece.split()) < _PART_WORDS:
            parts[-1] = f"{parts[-1]}, {piece}"
        else:
            parts.append(piece)
    return tuple(part[:140].ljust(3, ".") for part in parts[:_PARTS]) or (
        question.strip()[:140].ljust(3, "."),
    )


def formulas_in(passages: Sequence[Citation]) -> tuple[str, ...]:
    """Sentences with a formula, of the passages and of the text around the first; at most 3."""
    quoted = [passage.quote for passage in passages]
    around = [_around_quote(passage, _FORMULA_ROOM) for passage in passages[:1]]
    found: list[str] = []
    for text in (*quoted, *around):
        for sentence in sentences_in(text):
            formula = " ".join(sentence.split())
            known = any(formula in other or other in formula for other in found)
            if has_formula(formula) and 3 <= len(formula) <= 200 and not known:
                found.append(formula)
    return tuple(found[:_FORMULAS])


def _around_quote(passage: Citation, room: int) -> str:
    """At most `room` characters of the passage, its quote in the middle."""
    text = passage.passage or passage.quote
    middle = text.find(passage.quote) + len(passage.quote) // 2
    start = max(0, min(middle - room // 2, len(text) - room))
    return text[start : start + room]
