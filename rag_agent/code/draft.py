"""A program as the coder writes it, an example call of it, and the self-check made of that."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from ingestion.errors import InvalidReply
from rag_agent.code.proof.example import Example, targets, write_example
from rag_agent.code.proof.self_check import self_check
from rag_agent.code.reply import written
from rag_agent.code.source import definitions, missing_packages, parsed, with_imports
from rag_agent.events import ProgramBegun, TextWritten
from rag_agent.model.client import LanguageModel, Message
from rag_agent.progress import Progress
from rag_agent.prompts.coder import CoderPrompts


@dataclass(frozen=True, slots=True)
class Draft:
    """What the coder wrote, the example that it wrote for it, and the self-check made of that, where one could be."""

    body: str
    example: Example | None = None
    check: str = ""

    def called_as(self, example: Example, request: str) -> Self:
        """The same program, checked with another example."""
        return replace(
            self, example=example, check=self_check(example, ast.parse(self.body), request)
        )


def write_draft(
    messages: Sequence[Message],
    language: str,
    coder: LanguageModel,
    prompts: CoderPrompts,
    progress: Progress,
    request: str = "",
) -> Draft:
    """A program and a self-check for it, shown as they are written.

    Args:
        messages: Ask for the program.
        language: Lower case; only `python` gets a self-check.
        coder: Writes.
        prompts: In force.
        progress: Told of a new program and of each piece of it.
        request: What was asked for; the self-check holds the program to what its words promise.

    Raises:
        ModelUnavailable: The coder does not answer.
    """
    progress.say(ProgramBegun())
    body = written(coder, messages, lambda text: progress.say(TextWritten(text, "program")))
    tree = parsed(body) if language == "python" else None
    if tree is None:
        return Draft(body)
    body = with_imports(tree, definitions(tree, body))
    draft = _with_example(body, ast.parse(body), coder, prompts, progress, request)
    progress.say(TextWritten(draft.check, "program"))
    return draft


def _with_example(
    body: str,
    tree: ast.Module,
    coder: LanguageModel,
    prompts: CoderPrompts,
    progress: Progress,
    request: str,
) -> Draft:
    """A program with an example, and the self-check made of it; bare where none is to be had."""
    offered = targets(tree)
    if not offered or missing_packages(tree):
        return Draft(body)
    try:
        example = write_example(body, offered, coder, prompts)
    except InvalidReply as error:
        progress.notice(f"No self-check was made: {error.what}")
        return Draft(body)
    return Draft(body).called_as(example, request)
