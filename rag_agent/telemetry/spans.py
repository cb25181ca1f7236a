"""Spans of work, told to whoever measures: to nobody, unless a setting asks for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Figures = dict[str, bool | int | float | str]
"""What is known of a span at its end: numbers, and words of closed sets such as a route."""
Ended = Callable[[Figures, str], None]
"""Told of a span's end: its figures, and the name of the error that ended it, if one did."""
Watcher = Callable[[str, bool], Ended]
"""Told of a span's beginning: its name, and whether spans begun while it lasts are inside of it."""

_watchers: list[Watcher] = []


@contextmanager
def span(name: str, *, holds: bool = True) -> Iterator[Figures]:
    """Measure a piece of work; what is put into the figures is told with it.

    Args:
        name: Of a closed set: a step's, or `question`, `model`, `checks`, `job`, `ingest`.
        holds: Whether spans begun while it lasts are inside of it. Not so in a generator, between whose pieces
            others work.
    """
    figures: Figures = {}
    ends = [watcher(name, holds) for watcher in _watchers]
    error = ""
    try:
        yield figures
    except GeneratorExit:  # nobody wants the rest
        raise
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        for end in reversed(ends):
            end(figures, error)


def watch(watcher: Watcher) -> None:
    """Tell someone of all spans of this process from now on."""
    _watchers.append(watcher)


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Tell someone of all spans of this process while the block runs."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)
