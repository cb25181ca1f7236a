"""Making an adapter the agent's coder, if it earned it."""

import json
import os
import shutil
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
        ExportError: No scores, the config's rule is not met, or the settings are not TOML in UTF-8.
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
    settings = home / "settings.toml"
    base = str(Path(config.base.gguf).absolute())
    edited = with_keys(
        _text(settings), "coder", {"model": base, "adapter": str(adapter.absolute())}
    )
    adapter.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, adapter)
    part = settings.with_suffix(".part")
    part.touch(mode=0o600)  # it may hold a key
    part.write_text(edited, encoding="utf-8")
    part.replace(settings)
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
        try:
            return Path(named).expanduser().absolute()
        except RuntimeError as error:  # `~name` of a user that this machine does not have
            raise ExportError(
                f"ARXIV_AGENT_HOME is {named}: there is no such user",
                next_step="Write the path in full",
            ) from error
    from platformdirs import user_data_path

    return user_data_path("arxiv-agent", appauthor=False)


def with_keys(text: str, table: str, values: Mapping[str, str]) -> str:
    """TOML text with string keys of one table set, everything else as it was, comments too.

    Raises:
        ExportError: The text is not TOML, or the table's name stands for something else in it.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        document.setdefault(table, tomlkit.table()).update(values)
    except (TOMLKitError, AttributeError) as error:
        raise _not_editable(str(error)) from error
    return tomlkit.dumps(document)


def _text(settings: Path) -> str:
    try:
        return settings.read_text(encoding="utf-8") if settings.exists() else ""
    except UnicodeDecodeError as error:
        raise _not_editable("it is not UTF-8 text") from error


def _not_editable(why: str) -> ExportError:
    return ExportError(
        f"settings.toml cannot be edited: {why}",
        next_step="Mend the file, or set model and adapter of [coder] by hand",
    )
