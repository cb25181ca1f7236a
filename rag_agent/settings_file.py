"""Changes to `settings.toml`, for surfaces that let a person edit settings."""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from ingestion.errors import AgentError
from ingestion.machine.private_folder import make_private
from rag_agent.settings import Settings, load_settings, origins, settings_file, unreadable

_SERVERS = {"reader.base_url": "reader.api_key", "coder.base_url": "coder.api_key"}


def save_settings(home: Path, changes: Mapping[str, Any]) -> Settings:
    """Keep changed settings in the data folder's file; all else that stands there stays, comments too.

    A key belongs to the server that it was typed for: where a `base_url` changes, the key in the file goes,
    unless another is given with it.

    Args:
        home: Data folder.
        changes: Values by dotted name, such as `{"retrieval.top_k": 5}`.

    Returns:
        The settings now in force; the environment still wins over the file.

    Raises:
        AgentError: A value is out of range or a name unknown, the file cannot be read, or a key of the
            environment would go to another server; nothing was written.
    """
    import tomlkit

    file = settings_file(home)
    document = _read(file)
    changes = {**dict.fromkeys(_keys_left_behind(changes), ""), **changes}
    wanted: dict[str, Any] = {}
    for name, value in changes.items():
        _put(document, name, value)
        _put(wanted, name, value)
    load_settings(**wanted)  # raises on a bad value
    make_private(home)
    part = file.with_suffix(".part")
    part.touch(mode=0o600)  # it may hold a key
    part.write_text(tomlkit.dumps(document), "utf-8")
    part.replace(file)
    return load_settings()


def _keys_left_behind(changes: Mapping[str, Any]) -> list[str]:
    """The keys in force that were typed for a server whose address changes now."""
    before = origins(load_settings(), {})
    left = []
    for server, key in _SERVERS.items():
        moves = server in changes and changes[server] != before[server][0]
        secret, where = before[key]
        if not moves or key in changes or not secret.get_secret_value():
            continue
        if where == "environment":
            variable = f"ARXIV_AGENT_{key.upper().replace('.', '__')}"
            raise AgentError(
                f"The key in {variable} is meant for {before[server][0] or 'another server'}",
                kept="Nothing was changed",
                next_step=f"Change or clear {variable} first, or set the address beside it",
            )
        left.append(key)
    return left


def _read(file: Path) -> MutableMapping[str, Any]:
    import tomlkit
    from tomlkit.exceptions import ParseError

    if not file.exists():
        return tomlkit.document()
    try:
        return tomlkit.parse(file.read_text("utf-8"))
    except (ParseError, UnicodeDecodeError, OSError) as error:
        raise unreadable(file, error) from error


def _put(values: MutableMapping[str, Any], name: str, value: Any) -> None:
    *path, last = name.split(".")
    for part in path:
        values = values.setdefault(part, {})
    values[last] = value
