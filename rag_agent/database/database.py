"""What every database can do, and the tables of one room, whose SQL is written once for both kinds."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol


class Connection(Protocol):
    """One connection, inside of a transaction."""

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Any:
        """Run a statement, in which `?` stands for each value; gives a cursor (PEP 249)."""


class Database(Protocol):
    """Safe to share between threads and processes. Looking makes nothing."""

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What a query gives; nothing where nothing was ever written.

        Raises:
            DatabaseUnavailable: It cannot be used now.
            AgentError: A later version of the program wrote it.
        """

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction, kept whole or not at all; errors are those of `rows`."""

    def close(self) -> None:
        """Let go of it; the next call opens it again."""


Migration = tuple[str, Callable[[Connection], None]]
"""A name, and what it does to the tables of before."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one room, and how they came to be what they are.

    Each migration is run once, in order; how many have been is kept with the tables. Never change one: add another.

    Args:
        name: The SQLite file's name without its ending, and the entry in PostgreSQL's table of schemas.
        sqlite: Migrations of SQLite.
        postgres: Migrations of PostgreSQL.
    """

    name: str
    sqlite: tuple[Migration, ...]
    postgres: tuple[Migration, ...]


def statements(*texts: str) -> Callable[[Connection], None]:
    """What runs these statements, one after the other."""

    def run(db: Connection) -> None:
        for text in texts:
            db.execute(text)

    return run
