"""Making an adapter the agent's coder, if it earned it."""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finetune.config import Config, PromoteConfig
from finetune.errors import ExportError
from finetune.run_folder import RunFolder
from finetune.ship.exporting import gguf_path


def promote(config: Config) -> Path:
    """Copy the GGUF adapter into the agent's data folder and name it, with its base, in the settings.

    Returns:
        The agent's settings file.

    Raises:
        ExportError: No scores, the config's rule is not met, or the settings are not TOML.
    """
    folder = RunFolder(config.folder)
    if not folder.scores.is_file():
        raise ExportError(f"{folder.scores} is missing", next_step="Run `evaluate` first")
    against = objections(json.loads(folder.scores.read_text(encoding="utf-8")), config.promote)
    if against:
        raise ExportError(
            f"Not promoted: {'; '.join(against)}", next_step="The coder stays as it is"
        )
    source = gguf_path(config)
    if not (source.is_file() and config.base.gguf):
        raise ExportError(
            "No GGUF adapter to promote", next_step="Run `export --form gguf`, then `check`"
        )
    home = agent_home()
    adapter = home / "adapters" / source.name
    adapter.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, adapter)
    settings = home / "settings.toml"
    before = settings.read_text(encoding="utf-8") if settings.exists() else ""
    base = str(Path(config.base.gguf).absolute())
    settings.write_text(
        with_keys(before, "coder", {"model": base, "adapter": str(adapter.absolute())}),
        encoding="utf-8",
    )
    return settings


def objections(scores: Mapping[str, Any], rule: PromoteConfig) -> list[str]:
    """Why the tuned model does not replace the base; empty where it does.

    Args:
        scores: As `evaluate` wrote them.
        rule: Least gain of one metric, most loss of others.
    """
    metrics = scores["metrics"]
    wanted = {rule.metric: rule.min_gain} | {key: -loss for key, loss in rule.max_loss.items()}
    found = []
    for key, least in wanted.items():
        if "tuned" not in metrics.get(key, {}).get("gain", {}):
            found.append(f"{key} of base and tuned was not measured")
        elif metrics[key]["gain"]["tuned"]["value"] < least:
            gain = metrics[key]["gain"]["tuned"]["value"]
            found.append(f"{key} changes by {gain:+.4f}, the rule asks for {least:+.4f} or more")
    return found


def agent_home() -> Path:
    """The agent's data folder, found as the agent finds it."""
    named = os.environ.get("ARXIV_AGENT_HOME")
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("arxiv-agent", appauthor=False)


def with_keys(text: str, table: str, values: Mapping[str, str]) -> str:
    """TOML text with string keys of one table set, everything else as it was.

    Raises:
        ExportError: The text is not TOML, or writes the table in a way this cannot edit.
    """
    head = re.search(rf"^\[{re.escape(table)}\][ \t]*(?:#.*)?$", text, re.MULTILINE)
    if head is None:
        text = f"{text.rstrip()}\n\n[{table}]\n".lstrip()
        head = re.search(rf"^\[{re.escape(table)}\]$", text, re.MULTILINE)
    assert head is not None
    following = re.compile(r"^\[", re.MULTILINE).search(text, head.end())
    end = following.start() if following else len(text)
    lines = [
        line
        for line in text[head.end() : end].splitlines()
        if not re.match(rf"[ \t]*({'|'.join(map(re.escape, values))})[ \t]*=", line)
    ]
    while lines and not lines[-1].strip():
        lines.pop()
    lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    edited = text[: head.end()] + "\n".join(["", *lines[lines[:1] == [""] :], ""])
    edited += ("\n" if following else "") + text[end:]
    try:
        written = tomllib.loads(edited)
    except tomllib.TOMLDecodeError as error:
        raise ExportError(
            f"settings.toml cannot be edited: {error}",
            next_step=f"Set [{table}] {dict(values)} by hand",
        ) from error
    assert all(written[table][key] == value for key, value in values.items())
    return edited
