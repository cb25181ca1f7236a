"""The one prompt renderer: training, evaluation and serving show the model the same tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from finetune.data.rows import Message, Row
from finetune.errors import BaseError, DataError

IGNORED = -100
"""Label of a token that is not learned, as torch's cross entropy has it."""


@dataclass(frozen=True, slots=True)
class Example:
    """A rendered row.

    Args:
        ids: Tokens of prompt, answer and end token, int.
        prompt_tokens: How many of them are the prompt, with all turns before the last answer.
        spans: First token and the one behind the last of each earlier assistant turn, end token included.
        rejected: Tokens of a worse answer to the same prompt, with its end token; empty where there is none.
    """

    ids: list[int]
    prompt_tokens: int
    spans: tuple[tuple[int, int], ...] = ()
    rejected: list[int] = field(default_factory=list)

    @property
    def longest(self) -> int:
        """Tokens of the prompt with the longer of its answers."""
        return max(len(self.ids), self.prompt_tokens + len(self.rejected))

    @property
    def labels(self) -> list[int]:
        """The tokens to learn, those of every assistant turn, `IGNORED` elsewhere; as long as `ids`."""
        labels = [IGNORED] * self.prompt_tokens + self.ids[self.prompt_tokens :]
        for start, end in self.spans:
            labels[start:end] = self.ids[start:end]
        return labels


class Renderer:
    """Renders conversations with the tokenizer's own chat template.

    Args:
        tokenizer: A transformers tokenizer with a chat template.
        system: System prompt of conversations that have none; None leaves it to the template.

    Raises:
        BaseError: The tokenizer has no chat template, no end token, or pads with its end token.
    """

    def __init__(self, tokenizer: Any, system: str | None = None) -> None:
        if not tokenizer.chat_template:
            raise BaseError("The tokenizer has no chat template", next_step="Use an instruct model")
        if tokenizer.eos_token_id is None or tokenizer.pad_token_id in (
            None,
            tokenizer.eos_token_id,
        ):
            raise BaseError(
                "The tokenizer's pad token must exist and differ from its end token",
                next_step="Set another pad token, such as <|endoftext|>",
            )
        self.tokenizer = tokenizer
        self.system = system
        self._control = frozenset(tokenizer.all_special_tokens) | frozenset(
            token.content for token in tokenizer.added_tokens_decoder.values() if token.special
        )

    def prompt(self, messages: Sequence[Message]) -> str:
        """The text up to where the answer begins."""
        return str(
            self.tokenizer.apply_chat_template(
                self._with_system(messages), tokenize=False, add_generation_prompt=True
            )
        )

    def prompt_ids(self, messages: Sequence[Message], begun: str = "") -> list[int]:
        """The tokens of `prompt`, and of the beginning of the answer where one is given."""
        return self._ids(self.prompt(messages) + begun)

    def render(self, row: Row) -> Example:
        """Prompt, answer and end token.

        The prompt is tokenized apart from the answer, as it is when the model is served, so its
        tokens are a prefix of the row's by construction.

        Raises:
            DataError: The row's text holds a control token, or the template does not put the
                answer behind the prompt and an end token behind the answer.
        """
        self._refuse_control_tokens(row)
        if not row.prompt:
            return Example([*self._ids(row.answer), self.tokenizer.eos_token_id], 0)
        prompt = self.prompt(row.prompt)
        prompt_ids = self._ids(prompt)
        ids = [*prompt_ids, *self._answered(row, prompt, row.answer)]
        rejected = self._answered(row, prompt, row.rejected) if row.rejected else []
        spans = tuple(self._earlier_turns(row, prompt))
        example = Example(ids, len(prompt_ids), spans, rejected)
        self._assert_learnable(row, example, prompt_ids)
        return example

    def _answered(self, row: Row, prompt: str, answer: str) -> list[int]:
        """The tokens of an answer and its end, as the template puts them behind a prompt."""
        answered = [*self._with_system(row.prompt), {"role": "assistant", "content": answer}]
        whole = str(self.tokenizer.apply_chat_template(answered, tokenize=False))
        end = self.tokenizer.eos_token
        if not whole.startswith(prompt):
            raise DataError(f"{row.id}: the template changes the prompt once an answer follows")
        text, found, rest = whole[len(prompt) :].partition(end)
        if not found or rest.strip():
            raise DataError(f"{row.id}: the template does not end the answer with {end}")
        return self._ids(text + end)

    def _earlier_turns(self, row: Row, prompt: str) -> Iterator[tuple[int, int]]:
        """Token spans of the assistant turns within a prompt: they are learned too."""
        turns = [n for n, message in enumerate(row.prompt) if message["role"] == "assistant"]
        if not turns:
            return
        offsets = self.tokenizer(prompt, add_special_tokens=False, return_offsets_mapping=True)
        for turn in turns:
            before = self.prompt(row.prompt[:turn])
            spoken = row.prompt[turn]["content"] + self.tokenizer.eos_token
            if not prompt.startswith(before + spoken):
                raise DataError(
                    f"{row.id}: the template changes turn {turn + 1} once others follow"
                )
            first, last = len(before), len(before) + len(spoken)
            inside = [
                n
                for n, (start, end) in enumerate(offsets["offset_mapping"])
                if first <= start < end <= last
            ]
            yield inside[0], inside[-1] + 1

    def _with_system(self, messages: Sequence[Message]) -> list[Message]:
        if self.system is None or (messages and messages[0]["role"] == "system"):
            return list(messages)
        return [{"role": "system", "content": self.system}, *messages]

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _refuse_control_tokens(self, row: Row) -> None:
        for text in (*(message["content"] for message in row.prompt), row.answer, row.rejected):
            for token in self._control:
                if token in text:
                    raise DataError(f"{row.id}: the text holds the control token {token}")

    def _assert_learnable(self, row: Row, example: Example, prompt_ids: list[int]) -> None:
        trained = [label for label in example.labels if label != IGNORED]
        assert example.ids[: example.prompt_tokens] == prompt_ids, row.id
        assert len(trained) > 1, f"{row.id}: no answer token is trained"
        assert trained[-1] == self.tokenizer.eos_token_id, f"{row.id}: the end token is not trained"
        assert self.tokenizer.pad_token_id not in trained, f"{row.id}: a pad token is trained"
