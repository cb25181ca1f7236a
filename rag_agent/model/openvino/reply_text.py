"""From generated tokens to the text a client sees: whole characters, and nothing past a stop text."""

import codecs
from collections.abc import Sequence


class ReplyText:
    """The text of one reply while it is generated.

    A token may hold part of a character, and a text that could become a stop text is held back until it
    cannot.

    Args:
        stops: Texts at which the reply ends.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._stops = tuple(stops)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""
        self.stopped = False

    def add(self, raw: bytes) -> str:
        """What can be shown after these bytes; nothing once it has stopped."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(raw)
        at = min((i for stop in self._stops if (i := self._held.find(stop)) >= 0), default=-1)
        if at >= 0:
            self.stopped = True
            return self._take(at)
        return self._take(len(self._held) - self._undecided())

    def end(self) -> str:
        """What was held back, now that nothing follows."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(b"", final=True)
        return self._take(len(self._held))

    def _take(self, length: int) -> str:
        shown, self._held = self._held[:length], self._held[length:]
        return shown

    def _undecided(self) -> int:
        """Length of the longest end of the text that begins a stop text."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-length:]) for stop in self._stops):
                return length
        return 0
