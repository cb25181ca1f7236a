"""Rows for a reader: a question and the sentences to read, answered or not stated, as the agent itself asks it.

The prompt comes through a file that the agent's side writes (`python -m bench.reader_prompt`), so that a reader is
trained on the very words it is asked with, and this package imports nothing of the agent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeAlias

from finetune.errors import DataError

Message: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class ReaderPrompt:
    """How the agent asks its reader.

    Args:
        forms: Of each form of question the turns, with `{excerpts}` and `{question}` where those stand.
        alone: The same for one text that is shown whole, such as an abstract, with `{sentence}` for it.
        excerpt: One sentence among the excerpts, with `{sentence}` and, where they are numbered, `{number}`.
        not_stated: What the reader says where the sentences do not state it.
    """

    forms: Mapping[str, Sequence[Message]]
    alone: Mapping[str, Sequence[Message]]
    excerpt: str
    not_stated: str

    @classmethod
    def read(cls, path: str) -> Self:
        """The prompt in a JSON file.

        Raises:
            DataError: There is none.
        """
        try:
            return cls(**json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise DataError(
                f"{path or 'data.sources prompt_file'} is no reader's prompt: {error}",
                next_step="Write it with `python -m bench.reader_prompt > FILE`",
            ) from error

    def turns(self, question: str, sentences: Sequence[str], form: str) -> tuple[Message, ...]:
        """The conversation up to the answer.

        Raises:
            KeyError: The prompt knows no such form.
        """
        excerpts = "\n".join(
            self.excerpt.replace("{number}", str(number)).replace("{sentence}", sentence)
            for number, sentence in enumerate(sentences, start=1)
        )
        whole = len(sentences) == 1
        return tuple(
            {
                "role": turn["role"],
                "content": turn["content"]
                .replace("{sentence}", sentences[0] if whole else "")
                .replace("{excerpts}", excerpts)
                .replace("{question}", question),
            }
            for turn in (self.alone if whole else self.forms)[form]
        )


def parsed(prompt: ReaderPrompt, fields: Mapping[str, Any]) -> tuple[tuple[Message, ...], str]:
    """Prompt and answer of one row: `question`, `sentences`, `answer` (null: not stated), `form` (fact if left out).

    Raises:
        KeyError: A field is missing, or the form is unknown; names it.
        TypeError: A field is of another kind.
    """
    answer = fields["answer"]
    turns = prompt.turns(
        str(fields["question"]),
        [str(one) for one in fields["sentences"]],
        fields.get("form", "fact"),
    )
    return turns, prompt.not_stated if answer is None else str(answer).strip()
