"""How much of a prompt the engine has at hand already, which OpenVINO GenAI does not say itself."""

from collections import OrderedDict
from collections.abc import Sequence

BLOCK_TOKENS = 32  # of OpenVINO's CPU plugin; a prefix is reused in whole blocks


class PrefixLedger:
    """Mirrors the engine's cache of blocks: same block length, same capacity, oldest out first.

    An estimate: while two requests run, the engine may drop blocks in another order.

    Args:
        capacity: Blocks that the engine keeps.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def cached_tokens(self, tokens: Sequence[int]) -> int:
        """Tokens at the start of this prompt that need not be computed again."""
        known = 0
        for key in _keys(tokens):
            if key not in self._blocks:
                break
            known += 1
        # The last token is always computed: its logits are the first token of the reply.
        return min(known * BLOCK_TOKENS, max(len(tokens) - 1, 0))

    def note(self, tokens: Sequence[int]) -> None:
        """These tokens, a prompt with its reply, have been computed."""
        for key in _keys(tokens):
            self._blocks[key] = None
            self._blocks.move_to_end(key)
        while len(self._blocks) > self._capacity:
            self._blocks.popitem(last=False)


def _keys(tokens: Sequence[int]) -> list[int]:
    """One key a whole block, which stands for everything up to its end."""
    keys: list[int] = []
    whole = len(tokens) - len(tokens) % BLOCK_TOKENS
    for start in range(0, whole, BLOCK_TOKENS):
        before = keys[-1] if keys else 0
        keys.append(hash((before, tuple(tokens[start : start + BLOCK_TOKENS]))))
    return keys
