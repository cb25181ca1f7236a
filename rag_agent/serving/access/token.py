"""The token that requests from other programs carry; only this user can read it."""

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from ingestion.errors import AgentError
from ingestion.machine.private_folder import make_private

_FILE = "serve_token"
_LEAST_CHARACTERS = 16  # of one that a person wrote there


def token_of(home: Path) -> str:
    """The token of a data folder, made at the first call.

    Raises:
        AgentError: The file cannot be used.
    """
    file = home / _FILE
    try:
        if not file.exists():
            make_private(home)
            _put(file, secrets.token_urlsafe(32))
        token = file.read_text().strip()
    except OSError as error:
        raise AgentError(f"{file} cannot be used: {error.strerror}") from error
    if len(token) < _LEAST_CHARACTERS:
        raise AgentError(f"{file} holds no token", next_step="Remove it: a new one is made")
    return token


def _put(file: Path, token: str) -> None:
    """Write the token whole; of two programs at once the first one's stays."""
    part = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(token)
    with suppress(FileExistsError):
        os.link(part, file)
    part.unlink()


def is_token(given: str, token: str) -> bool:
    """Whether an `Authorization` header carries the token; the time taken tells nothing of it."""
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
