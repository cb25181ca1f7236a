"""Changes to `settings.toml`, for surfaces that let a person edit settings."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rag_agent.settings import Settings, load_settings, settings_file


def save_settings(home: Path, changes: Mapping[str, Any]) -> Settings:
    """Keep changed settings in the data folder's file; what else stands there stays, comments are lost.

    Args:
        home: Data folder.
        changes: Values by dotted name, such as `{"retrieval.top_k": 5}`.

    Returns:
        The settings now in force; the environment still wins over the file.

    Raises:
        AgentError: A value is out of range or a name unknown; nothing was written.
    """
    file = settings_file(home)
    values: dict[str, Any] = tomllib.loads(file.read_text("utf-8")) if file.exists() else {}
    wanted: dict[str, Any] = {}
    for name, value in changes.items():
        _put(values, name, value)
        _put(wanted, name, value)
    load_settings(**wanted)  # raises on a bad value
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_suffix(".part")
    part.write_text("\n".join(_lines(values)) + "\n", "utf-8")
    part.chmod(0o600)  # it may hold a key
    part.replace(file)
    return load_settings()


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *path, last = name.split(".")
    for part in path:
        values = values.setdefault(part, {})
    values[last] = value


def _lines(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """TOML: plain values first, then the tables. JSON's strings, numbers and lists are TOML's too."""
    tables = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    if path:
        yield f"[{'.'.join(map(json.dumps, path))}]"
    for name, value in values.items():
        if name not in tables:
            yield f"{json.dumps(name)} = {json.dumps(value, ensure_ascii=False)}"
    for name, value in tables.items():
        yield from _lines(value, (*path, name))
