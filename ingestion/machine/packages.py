"""Packages that are not installed unless a setting needs them."""

from collections.abc import Iterator
from contextlib import contextmanager

from ingestion.errors import AgentError


@contextmanager
def needed(what: str) -> Iterator[None]:
    """Import within this what a setting asks for.

    Args:
        what: A person's word for it.

    Raises:
        AgentError: It is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise AgentError(
            f"{what} needs packages that are not installed",
            next_step="`make setup-server` adds them, or pip install 'arxiv-rag-agent[server]'",
        ) from error
