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
from rag_agent.answer import Citation
from rag_agent.code.source import parsed
from rag_agent.model.client import LanguageModel, Message

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


# Formulas are not asked for: the 1.5B model writes ones that no paper states ("v = v + g^2 / (1 - beta2^t)"),
# and the coder, which knows most ideas by heart, follows them.
_SYSTEM = (
    "You turn a request and excerpts of a paper into a precise instruction for a programmer. Definition: of "
    "the function, or of the class where PyTorch is asked for or there are weights, with the arguments that "
    "well-known implementations have. Inputs: each argument with its shape. Each requirement is one short step "
    "of the computation; what the request names is among them. Leave out what the request does not ask for."
)
# Far from what is mostly asked for: the 1.5B model copies requirements of an example that is near.
_EXAMPLE: tuple[Message, ...] = (
    (
        "user",
        "Request: show the learning rate schedule of this paper in code\n"
        'Excerpts of "SGDR: Stochastic Gradient Descent with Warm Restarts":\n'
        "[1] Within the i-th run, we decay the learning rate with a cosine annealing for each batch as "
        "follows: η_t = η_min + 1/2 (η_max − η_min)(1 + cos(T_cur/T_i π)), where T_cur accounts for how "
        "many epochs have been performed since the last restart.",
    ),
    (
        "assistant",
        '{"goal": "Compute the cosine annealing learning rate with warm restarts.", '
        '"definition": "def cosine_annealing(epoch, period, eta_min=0.0, eta_max=0.1)", '
        '"inputs": ["epoch: number, from 0", "period: number, epochs of one run", '
        '"eta_min, eta_max: numbers, 0 <= eta_min < eta_max"], '
        '"outputs": ["rate: number"], '
        '"requirements": ["T_cur counts the epochs since the last restart", '
        '"the rate is eta_max at every restart"]}',
    ),
    (
        "user",
        "Request: show dropout of this paper in NumPy\n"
        'Excerpts of "ImageNet Classification with Deep Convolutional Neural Networks":\n'
        "[1] setting to zero the output of each hidden neuron with probability 0.5.",
    ),
    (
        "assistant",
        '{"goal": "Set random activations to zero.", "definition": "def dropout(x, p=0.5, rng=None)", '
        '"inputs": ["x: (batch, features)", "p: number, probability of zero"], '
        '"outputs": ["out: (batch, features)"], '
        '"requirements": ["draw a mask with probability p of zero", "multiply x by the mask"]}',
    ),
    (
        "user",
        "Request: the highway layer in PyTorch\n"
        'Excerpts of "Highway Networks":\n'
        "[1] y = H(x, W_H) · T(x, W_T) + x · (1 − T(x, W_T)). We used SGD with momentum 0.9.",
    ),
    (
        "assistant",
        '{"goal": "Mix a layer\'s output with its input by a learned gate.", '
        '"definition": "class Highway(nn.Module): __init__(self, features), forward(self, x)", '
        '"inputs": ["features: number", "x: (batch, features)"], "outputs": ["out: (batch, features)"], '
        '"requirements": ["a linear layer with ReLU makes the new values", '
        '"a linear layer with sigmoid makes the gate", "the gate mixes new values and x"]}',
    ),
)


_EXAMPLE_REQUIREMENTS = frozenset(
    line
    for role, text in _EXAMPLE
    if role == "assistant"
    for line in json.loads(text)["requirements"]
)


def write_instruction(
    question: str,
    passages: Sequence[Citation],
    reader: LanguageModel,
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
    prompt: Message = ("user", f"{request}\n{_excerpts(question, passages, formulas)}")
    try:
        messages: list[Message] = [("system", _SYSTEM), *_EXAMPLE, prompt]
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
