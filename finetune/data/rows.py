"""Rows of instruction data, from the formats in use."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from finetune.config import Source
from finetune.data.reader_rows import ReaderPrompt, parsed
from finetune.errors import DataError

Message: TypeAlias = dict[str, str]
"""`role` (system, user or assistant) and `content`."""

_ROLES = {
    "system": "system", "user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A question and the answer to learn.

    Args:
        id: `FILE-STEM:ROW-NUMBER`, counted from 1.
        prompt: The conversation up to the answer; the last turn is the user's.
        answer: The last assistant turn, without surrounding white space.
        rejected: An answer that is worse, where the data is of pairs.
    """

    id: str
    prompt: tuple[Message, ...]
    answer: str
    rejected: str = ""

    @property
    def question(self) -> str:
        """The last user turn; empty where there is none."""
        return self.prompt[-1]["content"] if self.prompt else ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a row was left out: its id, the field, and how to mend it."""

    id: str
    field: str
    fix: str


class _FlawError(Exception):
    def __init__(self, field: str, fix: str) -> None:
        super().__init__(field)
        self.field = field
        self.fix = fix


def read_rows(source: Source) -> Iterator[Row | Flaw]:
    """Every row of a source, in file order; a row that does not fit its format comes as a flaw.

    Raises:
        DataError: The file is missing, or it is neither a JSON list nor JSON lines.
    """
    path = _local_file(source)
    parse = _reader(source.prompt_file) if source.format == "reader" else _PARSERS[source.format]
    for number, fields in enumerate(_objects(path), start=1):
        row_id = f"{path.stem}:{number}"
        try:
            if not isinstance(fields, dict):
                raise _FlawError("row", "make it a JSON object")
            yield Row(row_id, *parse(fields, source.answer_field))
        except _FlawError as flaw:
            yield Flaw(row_id, flaw.field, flaw.fix)


def _local_file(source: Source) -> Path:
    if source.path:
        return Path(source.path)
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        return Path(hf_hub_download(source.hub, source.file, repo_type="dataset"))
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        raise DataError(
            f"{source.hub} cannot be fetched from the hub",
            next_step=f"Download {source.file} by other means and name it with data.sources path",
        ) from error


def _objects(path: Path) -> Iterator[Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"Cannot read {path}: {error}") from error
    if text.lstrip().startswith("["):
        try:
            yield from json.loads(text)
        except json.JSONDecodeError as error:
            raise DataError(f"{path} is not a JSON list: {error}") from error
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{path}, line {number} is not JSON: {error.msg}") from error


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        near = ", ".join(sorted(str(field) for field in fields))
        raise _FlawError(name, f"needs a text; the row has the fields {near}")
    if not value.strip():
        raise _FlawError(name, "is empty; fill it or remove the row")
    return value.strip()


def _alpaca(fields: Mapping[str, Any], answer_field: str) -> tuple[tuple[Message, ...], str]:
    question = _text(fields, "instruction")
    if fields.get("input"):
        question = f"{question}\n\n{_text(fields, 'input')}"
    return ({"role": "user", "content": question},), _text(fields, answer_field or "output")


def _prompt(fields: Mapping[str, Any], answer_field: str) -> tuple[tuple[Message, ...], str]:
    question = {"role": "user", "content": _text(fields, "prompt")}
    return (question,), _text(fields, answer_field or "completion")


def _messages(fields: Mapping[str, Any], answer_field: str) -> tuple[tuple[Message, ...], str]:
    return _conversation(fields, answer_field or "messages", "role", "content")


def _sharegpt(fields: Mapping[str, Any], answer_field: str) -> tuple[tuple[Message, ...], str]:
    return _conversation(fields, answer_field or "conversations", "from", "value")


def _pairs(fields: Mapping[str, Any], answer_field: str) -> tuple[tuple[Message, ...], str, str]:
    """A question with a better and a worse answer, in the layouts of TRL and of LLaMA-Factory."""
    if "conversations" in fields:
        asked = [_turn(turn, "conversations", "from", "value") for turn in fields["conversations"]]
    elif isinstance(fields.get("prompt"), list):
        asked = [_turn(turn, "prompt", "role", "content") for turn in fields["prompt"]]
    else:
        asked = [{"role": "user", "content": _text(fields, "prompt")}]
    if not asked or asked[-1]["role"] != "user":
        raise _FlawError("prompt", "needs a user turn last")
    return tuple(asked), _spoken(fields, answer_field or "chosen"), _spoken(fields, "rejected")


def _spoken(fields: Mapping[str, Any], name: str) -> str:
    """A text, or the text of a turn."""
    value = fields.get(name)
    if isinstance(value, list) and value:
        value = value[-1]
    if isinstance(value, dict):
        return _text({name: value.get("content", value.get("value"))}, name)
    return _text(fields, name)


def _plain(fields: Mapping[str, Any], answer_field: str) -> tuple[tuple[Message, ...], str]:
    """Text to go on with, without a question."""
    return (), _text(fields, answer_field or "text")


def _conversation(
    fields: Mapping[str, Any], name: str, role_key: str, text_key: str
) -> tuple[tuple[Message, ...], str]:
    turns = fields.get(name)
    if not isinstance(turns, list):
        raise _FlawError(name, "needs a list of turns")
    messages = tuple(
        _turn(turn, f"{name}[{index}]", role_key, text_key) for index, turn in enumerate(turns)
    )
    roles = [message["role"] for message in messages]
    spoken = roles[1:] if roles[:1] == ["system"] else roles
    if not spoken or spoken != ["user", "assistant"] * (len(spoken) // 2):
        raise _FlawError(name, "needs user and assistant by turns, an assistant turn last")
    return messages[:-1], messages[-1]["content"]


def _turn(turn: Any, name: str, role_key: str, text_key: str) -> Message:
    if not isinstance(turn, dict):
        raise _FlawError(name, "make it an object with a role and a text")
    role = _ROLES.get(str(turn.get(role_key)))
    if role is None:
        raise _FlawError(f"{name}.{role_key}", f"needs one of {', '.join(_ROLES)}")
    content = turn.get(text_key)
    if isinstance(content, list):  # parts, as multimodal data writes them
        content = "".join(_part(part, name) for part in content)
    return {"role": role, "content": _text({text_key: content}, text_key)}


def _part(part: Any, name: str) -> str:
    if not isinstance(part, dict) or part.get("type") != "text":
        raise _FlawError(name, "holds a part that is not text; remove the row")
    return str(part.get("text", part.get("value", "")))


def _passages(fields: Mapping[str, Any], answer_field: str) -> tuple[tuple[Message, ...], str, str]:
    """A question with its passage, and one that looks like it and is none."""
    question = {"role": "user", "content": _text(fields, "question")}
    wrong = _text(fields, "negative") if fields.get("negative") else ""
    return (question,), _text(fields, answer_field or "passage"), wrong


def _reader(prompt_file: str) -> "_Parser":
    prompt = ReaderPrompt.read(prompt_file)

    def parse(fields: Mapping[str, Any], answer_field: str) -> tuple[tuple[Message, ...], str]:
        try:
            return parsed(prompt, fields)
        except (KeyError, TypeError) as error:
            raise _FlawError(str(error).strip("'"), "is missing, or of another kind") from error

    return parse


_Parser: TypeAlias = Callable[[Mapping[str, Any], str], tuple[Any, ...]]
_PARSERS: dict[str, _Parser] = {
    "alpaca": _alpaca,
    "messages": _messages,
    "sharegpt": _sharegpt,
    "prompt": _prompt,
    "pairs": _pairs,
    "text": _plain,
    "passages": _passages,
}
