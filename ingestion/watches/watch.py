"""A topic that is watched, and what is told of it."""

from dataclasses import dataclass
from datetime import date, datetime

from ingestion.paper import Paper


@dataclass(frozen=True, slots=True)
class Watch:
    """A topic that is watched.

    Args:
        number: By which it is named, 1 or more.
        topic: In the reader's words.
        category: arXiv category or archive that is looked through; empty: all of arXiv.
        first_day: Papers are new that came out on this day or later.
        since: Day from which arXiv is asked the next time.
    """

    number: int
    topic: str
    category: str
    first_day: date
    since: date


@dataclass(frozen=True, slots=True)
class Item:
    """A paper that is told.

    Args:
        paper: As the library has it.
        nearness: Cosine of topic and paper, -1 to 1.
        beside: Title of the reader's own paper that it is nearest to; empty where none is near.
    """

    paper: Paper
    nearness: float
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """What was new on a topic at a time.

    Args:
        number: Counts all digests, from 1.
        watch: The topic.
        at: When it was made, UTC.
        items: The best first.
    """

    number: int
    watch: Watch
    at: datetime
    items: tuple[Item, ...]
