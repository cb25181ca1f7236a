"""What the coder is asked to build: a question and its passages, made precise and bounded."""

import ast
import json
import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ingestion.errors import AgentError, InvalidReply
from ingestion.fulltext.passages import has_formula, sentences_in
from ingestion.terms import terms
from rag_agent.citation import Citation
from rag_agent.code.source import parsed
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.coder import INSTRUCTION_EXAMPLES, CoderPrompts

_SENTENCES = 3
_SENTENCE_CHARS = 300
_SHARED_TERMS = 2  # of a sentence and the request
_FORMULA_ROOM = 1200  # characters around the best quote in which formulas that belong to it stand
_FORMULAS = 3
_PARAMETERS = 8  # of a definition
_MAX_TOKENS = 320

Line = Annotated[str, Field(min_length=3, max_length=140)]
Formula = Annotated[str, Field(min_length=3, max_length=200)]


class _Interface(BaseModel):
    """What the reader writes. The definition comes first: it recalls the well-known implementation."""

    model_config = ConfigDict(frozen=True)

    goal: str = Field(min_length=5, max_length=200)
    definition: str = Field(max_length=160)
    inputs: tuple[Line, ...] = Field(max_length=5)
    outputs: tuple[Line, ...] = Field(max_length=3)
    requirements: tuple[Line, ...] = Field(min_length=1, max_length=4)


class Instruction(_Interface):
    """A precise request for one program.

    Args:
        goal: What the program shows, one sentence.
        definition: Of the function or class, such as `def softmax(x, axis)`; empty leaves it to the coder.
        inputs: Each with its shape or range.
        outputs: Each with its shape or range.
        requirements: What the code must do, one testable thing a line.
        formulas: Sentences of the paper that hold formulas, as they stand there.
    """

    definition: str = Field(default="", max_length=160)
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


_EXAMPLE_REQUIREMENTS = frozenset(
    line
    for role, text in INSTRUCTION_EXAMPLES
    if role == "assistant"
    for line in json.loads(text)["requirements"]
)


def write_instruction(
    question: str,
    passages: Sequence[Citation],
    reader: LanguageModel,
    prompts: CoderPrompts,
    *,
    keywords: Sequence[str] = (),
) -> tuple[Instruction, str]:
    """Make a question precise.

    Returns:
        The instruction, and a notice that is empty unless the model's reply could not be used; then
        the instruction is the question itself with the quoted sentences as its requirements.
    """
    request = f"Request: {question[:600]}"
    if keywords:
        request += f"\nKeywords: {', '.join(keywords)[:200]}"
    formulas = formulas_in(passages)
    messages = prompts.instruction(f"{request}\n{_excerpts(question, passages, formulas)}")
    try:
        written = reader.structured(messages, _Interface, _MAX_TOKENS)
        own = tuple(line for line in written.requirements if line not in _EXAMPLE_REQUIREMENTS)
        kept = written.model_dump() | {"requirements": own or (written.goal[:140],)}
        kept["definition"] = written.definition if _is_definition(written.definition) else ""
        return Instruction(**kept, formulas=formulas), ""
    except InvalidReply as error:
        return _plain(question, passages, formulas), (
            f"The reader model wrote no usable instruction ({error.what}); the coder got the question "
            "and the quoted sentences as they are"
        )


def _is_definition(text: str) -> bool:
    """Whether a definition is whole, and one to work with: the 1.5B model at times lists names without end."""
    if text.startswith("class "):
        return text.endswith(")") and text.count("(") == text.count(")")
    tree = parsed(f"{text.removesuffix(':')}: ...")
    function = tree.body[0] if tree and len(tree.body) == 1 else None
    return isinstance(function, ast.FunctionDef) and len(function.args.args) <= _PARAMETERS


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


def _excerpts(question: str, passages: Sequence[Citation], formulas: Sequence[str]) -> str:
    """The sentences of the passages that say most about the question, and their formulas.

    Whole passages mislead the 1.5B model: beside dot-product attention they explain the additive one, and
    it asked for that.
    """
    if not passages:
        return "No excerpts are at hand."
    asked = set(terms(question))
    shared = {
        " ".join(sentence.split()): len(asked & set(terms(sentence)))
        for passage in passages
        for sentence in sentences_in(passage.quote)
    }
    best = sorted(shared, key=lambda sentence: -shared[sentence])[:_SENTENCES]
    near = [sentence for sentence in best if shared[sentence] >= _SHARED_TERMS] or best[:1]
    said = [sentence[:_SENTENCE_CHARS] for sentence in near]
    texts = [f"[{n}] {text}" for n, text in enumerate(dict.fromkeys([*said, *formulas]), 1)]
    return "\n".join([f'Excerpts of "{passages[0].paper.title}":', *texts])


def _around_quote(passage: Citation, room: int) -> str:
    """At most `room` characters of the passage, its quote in the middle."""
    text = passage.passage or passage.quote
    middle = text.find(passage.quote) + len(passage.quote) // 2
    start = max(0, min(middle - room // 2, len(text) - room))
    return text[start : start + room]


def _plain(question: str, passages: Sequence[Citation], formulas: tuple[str, ...]) -> Instruction:
    quotes = [re.sub(r"\s+", " ", passage.quote)[:140].strip() for passage in passages]
    return Instruction(
        goal=question.strip()[:200].ljust(5, "."),
        formulas=formulas,
        inputs=(),
        outputs=(),
        requirements=tuple(q for q in quotes if len(q) >= 3)[:4]
        or (question.strip()[:140].ljust(3),),
    )
