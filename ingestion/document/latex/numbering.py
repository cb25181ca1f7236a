"""Numbers as LaTeX counts them: sections, floats, equations, theorems; appendices by letters."""

from ingestion.document.latex.macros import Definitions

_SECTIONS = ("section", "subsection", "subsubsection")


class Numbering:
    """The counters of one paper.

    Args:
        known: What it defines of theorems and of counters within others.
    """

    def __init__(self, known: Definitions) -> None:
        self._known = known
        self._counts: dict[str, int] = {}
        self.is_appendix = False
        """Whether sections are lettered."""

    def begin_appendix(self) -> None:
        """From here on sections are lettered from A."""
        self.is_appendix = True
        self._counts.update(dict.fromkeys(_SECTIONS, 0))

    def next(self, counter: str) -> str:
        """Count one more, and what is printed for it."""
        counter = self._shared(counter)
        self._counts[counter] = self._counts.get(counter, 0) + 1
        below = _SECTIONS[_SECTIONS.index(counter) + 1 :] if counter in _SECTIONS else ()
        inside = [
            name for name, outer in self._known.within.items() if self._resets(outer, counter)
        ]
        self._counts.update(dict.fromkeys([*below, *inside], 0))
        return self.printed(counter)

    def printed(self, counter: str) -> str:
        """What is printed for a counter as it stands."""
        counter = self._shared(counter)
        number = self._counts.get(counter, 0)
        if counter == "section":
            return chr(64 + number) if self.is_appendix and 0 < number < 27 else str(number)
        if counter in _SECTIONS:
            return f"{self.printed(_SECTIONS[_SECTIONS.index(counter) - 1])}.{number}"
        outer = self._known.within.get(counter, "")
        return f"{self.printed(outer)}.{number}" if outer and outer != counter else str(number)

    def _shared(self, counter: str) -> str:
        """The counter that a theorem shares with another, as `lemma` with `theorem`."""
        for _ in range(10):
            _, sibling = self._known.theorems.get(counter, ("", ""))
            if not sibling:
                break
            counter = sibling
        return counter

    def _resets(self, outer: str, counter: str) -> bool:
        return outer == counter or (
            counter in _SECTIONS
            and outer in _SECTIONS
            and _SECTIONS.index(counter) < _SECTIONS.index(outer)
        )
