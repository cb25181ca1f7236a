"""Paths as people type them: `~` is the user's own folder, `~name` that of another user."""

from pathlib import Path

from ingestion.errors import AgentError


def user_path(text: str | Path) -> Path:
    """The path that a text names, with `~` and `~name` resolved; it need not exist.

    Raises:
        AgentError: `~name` names no user of this machine.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # what pathlib raises for a user that it cannot find
        raise AgentError(
            f"{text}: there is no such user on this machine", next_step="Write the path in full"
        ) from error
