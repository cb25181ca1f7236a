"""Prompts of works on many papers: tables and reviews."""

from collections.abc import Mapping, Sequence

from rag_agent.model.client import Message

_COLUMNS = """A table compares research papers. From the question, name the 3 to 6 columns of the table, each one to three words that a paper can state. Reply with JSON."""

_COLUMNS_EXAMPLE = (
    "Question: Which speech recognizers work on small devices?",
    '{"columns":["model","model size","word error rate","device","latency"]}',
)

_SENTENCE = """Write one sentence of a literature review that states what the excerpts say, with their own names and numbers. Say "the authors" and "the method" instead of "we" and "our". Add nothing that the excerpts do not say. Reply with the sentence only."""

_SENTENCE_EXAMPLES = (
    (
        "Excerpts:\n- We present BeeNet, a convolutional network that counts bees at a hive's entrance.\n- BeeNet reaches a mean error of 2.1 bees per frame on our HiveCam data.",
        "BeeNet, a convolutional network, counts bees at a hive's entrance with a mean error of 2.1 bees per frame on the HiveCam data.",
    ),
    (
        "Excerpts:\n- In this paper we show that drying speed does not change the strength of clay bricks.",
        "The drying speed does not change the strength of clay bricks.",
    ),
)

DEFAULTS: Mapping[str, str] = {"table_columns": _COLUMNS, "review_sentence": _SENTENCE}
"""Templates by name, as settings override them."""


class WorkPrompts:
    """The prompts in force for tables and reviews.

    Args:
        overrides: Templates by name that replace the program's own; names of other prompts say nothing here.
    """

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self._texts = {name: (overrides or {}).get(name, text) for name, text in DEFAULTS.items()}

    def columns(self, question: str) -> list[Message]:
        """The columns of a table that answers a question."""
        return _shown(self._texts["table_columns"], (_COLUMNS_EXAMPLE,), f"Question: {question}")

    def sentence(self, excerpts: Sequence[str]) -> list[Message]:
        """One sentence of a review from a few quotes."""
        asked = "Excerpts:\n" + "\n".join(f"- {excerpt}" for excerpt in excerpts)
        return _shown(self._texts["review_sentence"], _SENTENCE_EXAMPLES, asked)


def _shown(system: str, examples: Sequence[tuple[str, str]], asked: str) -> list[Message]:
    messages: list[Message] = [("system", system)]
    for given, reply in examples:
        messages += [("user", given), ("assistant", reply)]
    return [*messages, ("user", asked)]
