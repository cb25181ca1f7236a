"""A program out of a model's reply while it streams: the model is stopped when the block closes, or goes in circles."""

from collections.abc import Callable, Sequence

from rag_agent.code.source import is_closed, open_block, program_in
from rag_agent.model.client import LanguageModel, Message

# A program of 100 lines has about 900 tokens; at 27 tokens/s on two cores that is half a minute.
_PROGRAM_TOKENS = 1000
_LONGEST_CIRCLE = 240  # characters that are said over and over
# Times over. Less is no circle: a program may call one layer four times, or list a dozen zeros.
_LINES_AGAIN, _SIGNS_AGAIN = 6, 24
_LOOK_EVERY = 80  # characters


def written(
    coder: LanguageModel,
    messages: Sequence[Message],
    show: Callable[[str], None] = lambda text: None,
    max_tokens: int = _PROGRAM_TOKENS,
) -> str:
    """The program of a reply, each piece shown as it is written.

    A reply that says the same over and over is cut before its second time: small models seldom find out
    of a circle, and it would last until `max_tokens`.

    Raises:
        ModelUnavailable: The coder does not answer.
        OutOfTime: Its deadline passed.
    """
    reply, shown, looked = "", 0, 0
    for piece in coder.stream(messages, max_tokens):
        reply += piece
        text = open_block(reply)[shown:]
        if text:
            shown += len(text)
            show(text)
        if is_closed(reply):
            break
        if len(reply) >= looked + _LOOK_EVERY:
            looked = len(reply)
            if circle := circle_of(reply):
                return program_in(reply[: len(reply) - circle])
    return program_in(reply)


def circle_of(text: str) -> int:
    """How many characters at the end of a text only say again what stands before them; 0 where none do."""
    for length in range(4, min(_LONGEST_CIRCLE, len(text)) + 1):
        once = text[-length:]
        times = _LINES_AGAIN if "\n" in once else _SIGNS_AGAIN
        if once.strip() and text.endswith(once * times):
            while text.endswith(once * (times + 1)):
                times += 1
            return length * (times - 1)
    return 0
