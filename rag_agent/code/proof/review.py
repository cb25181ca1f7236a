"""Whether a program does what its instruction requires: one judgement a requirement, tied to lines."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field

from rag_agent.code.proof.arguments import line_of_argument
from rag_agent.code.source import code_lines, line_of_import, numbered
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.coder import CoderPrompts

Status = Literal["met", "missed", "unchecked"]
_MAX_TOKENS = 220
_LIBRARY = re.compile(r"(?:in|with|using) (\w+)", re.I)
_PACKAGES = {"pytorch": "torch"}
_PASSED = re.compile(
    r"(?:with )?(?:(?:an?|the|its) )?(?P<optional>optional )?(?:given )?(?P<thing>[\w -]+)", re.I
)


@dataclass(frozen=True, slots=True)
class RequirementCheck:
    """One requirement of the instruction, and the lines of the program that meet it.

    Args:
        text: As in the instruction.
        status: `met` by the lines named, in the reader model's judgement; `missed`; or `unchecked`.
        first_line: First line in `CodeResult.program`, from 1; None unless met.
        last_line: Last line, inclusive; None unless met.
    """

    text: str
    status: Status = "unchecked"
    first_line: int | None = None
    last_line: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields that `code --json` prints."""
        return {
            "text": self.text,
            "status": self.status,
            "first_line": self.first_line,
            "last_line": self.last_line,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The check that `as_json` wrote."""
        return cls(**stored)


class _Check(BaseModel):
    requirement: Annotated[int, Field(ge=1, le=5)]
    first_line: Annotated[int, Field(ge=0, le=999)]
    last_line: Annotated[int, Field(ge=0, le=999)]
    met: bool


class _Review(BaseModel):
    checks: Annotated[list[_Check], Field(min_length=1, max_length=5)]


def check_requirements(
    requirements: Sequence[str],
    program: str,
    first_line: int,
    reader: LanguageModel,
    prompts: CoderPrompts,
) -> tuple[RequirementCheck, ...]:
    """Ask the reader which lines meet each requirement, and hold its word to the program.

    Args:
        requirements: At most 5.
        program: Python source whose syntax is right.
        first_line: First line shown to the reader; the sourced docstring stands above it.
        reader: The model that judges.
        prompts: In force.

    Raises:
        InvalidReply: The reader gave no usable judgement.
    """
    tree = ast.parse(program)
    checks = {text: check for text in requirements if (check := _proven(text, tree))}
    left = [text for text in requirements if text not in checks]
    if left:
        checks |= _asked(left, program, first_line, reader, prompts)
    return tuple(checks[text] for text in requirements)


def _proven(text: str, tree: ast.Module) -> RequirementCheck | None:
    """A requirement that the program's syntax decides; None for any other.

    "An optional mask" is met by an argument with a default that a line reads, "in NumPy" by an import; the 1.5B
    model missed both.
    """
    line = None
    if library := _LIBRARY.fullmatch(text.strip()):
        name = library[1].lower()
        line = line_of_import(tree, _PACKAGES.get(name, name))
    elif passed := _PASSED.fullmatch(text.strip()):
        line = line_of_argument(tree, passed["thing"], optional=bool(passed["optional"]))
    return RequirementCheck(text, "met", line, line) if line else None


def _asked(
    requirements: Sequence[str],
    program: str,
    first_line: int,
    reader: LanguageModel,
    prompts: CoderPrompts,
) -> dict[str, RequirementCheck]:
    messages = prompts.review(numbered(program, first_line), requirements)
    review = reader.structured(messages, _Review, _MAX_TOKENS)
    said = {check.requirement: check for check in reversed(review.checks)}
    code = code_lines(program)
    return {
        text: _judged(text, said.get(n), program, code) for n, text in enumerate(requirements, 1)
    }


def _judged(text: str, said: _Check | None, program: str, code: frozenset[int]) -> RequirementCheck:
    """A model's word on one requirement, held to what the program shows."""
    if said is None:
        return RequirementCheck(text)
    lines = range(said.first_line, said.last_line + 1)
    # A decimal number that a requirement names, and the program lacks, cannot have been met.
    decimals = re.findall(r"\b\d+\.\d+\b|\b\d+e-?\d+\b", text)
    present = {float(n) for n in re.findall(r"\d+\.?\d*(?:e-?\d+)?|\.\d+", program)}
    if (
        not said.met
        or not code.intersection(lines)
        or any(float(n) not in present for n in decimals)
    ):
        return RequirementCheck(text, "missed")
    return RequirementCheck(text, "met", said.first_line, min(said.last_line, max(code)))
