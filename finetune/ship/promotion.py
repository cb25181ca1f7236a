"""Putting what was tuned in force in the agent, if it earned it."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from finetune.adapters.exporting import gguf_path
from finetune.answers.scoring import Score, difference, share
from finetune.config import Config, PromoteConfig
from finetune.errors import ExportError
from finetune.run_folder import RunFolder, write_json


def promote(config: Config) -> Path:
    """Name the run's model in the agent's settings, if it surely does better than what is in force there.

    Both are measured by the same command of the agent's side, `promote.judge`: once as it is, and once with the
    settings that promotion would write, put into its environment.

    Returns:
        The agent's settings file.

    Raises:
        ExportError: No model, no judge, no gain that is certain, or settings that are not TOML in UTF-8.
    """
    candidate = candidate_of(config)
    settings = agent_home() / "settings.toml"
    with_keys(
        _text(settings), candidate.table, {}
    )  # what cannot be edited is told of before hours of measuring
    in_force = measured(config.promote.judge)
    tuned = measured(config.promote.judge, candidate.environment())
    gain = paired_gain(in_force, tuned, config.seed)
    write_json(RunFolder(config.folder).promotion, {**asdict(gain), "problems": len(in_force)})
    if against := objection(gain, len(in_force), config.promote):
        raise ExportError(f"Not promoted: {against}", next_step="The agent stays as it is")
    return _install(candidate, settings)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What promotion would put in force: a table of the agent's settings, its keys, and the model's file or folder.

    Args:
        table: `coder` or `embedding`.
        keys: Values by key, as they are while it is measured.
        model: Copied into the agent's data folder when it is promoted; the key that names it follows.
    """

    table: str
    keys: Mapping[str, str]
    model: Path

    def environment(self) -> dict[str, str]:
        """The keys as environment variables of the agent."""
        return {
            f"ARXIV_AGENT_{self.table}__{key}".upper(): value for key, value in self.keys.items()
        }


def candidate_of(config: Config) -> Candidate:
    """What the run has to offer.

    Raises:
        ExportError: It has no model yet, or one that the agent has no setting for.
    """
    folder = RunFolder(config.folder)
    if config.task == "embedding":
        if not folder.retriever.is_dir():
            raise ExportError("No embedding to promote", next_step="Run `train` first")
        return Candidate("embedding", {"model": str(folder.retriever.absolute())}, folder.retriever)
    if config.task in ("reader", "reranker"):
        raise ExportError(
            f"The agent has no setting for a tuned {config.task} of this form",
            next_step="Serve it and name its server (reader.base_url)"
            if config.task == "reader"
            else "",
        )
    source = gguf_path(config)
    if not (source.is_file() and config.base.gguf):
        raise ExportError(
            "No GGUF adapter to promote", next_step="Run `export --form gguf`, then `check`"
        )
    base = str(Path(config.base.gguf).absolute())
    return Candidate("coder", {"model": base, "adapter": str(source.absolute())}, source)


def measured(
    judge: Sequence[str], environment: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Each problem's share of solved attempts, as the judge prints it.

    Raises:
        ExportError: There is no judge, it fails, or it prints something else.
    """
    if not judge:
        raise ExportError(
            "promote.judge is not set",
            next_step="Name a command, such as `python -m bench.functions …`",
        )
    try:
        variables = {**os.environ, **(environment or {})}
        done = subprocess.run(judge, capture_output=True, text=True, check=True, env=variables)
        passed = json.loads(done.stdout.strip().rpartition("\n")[2])["passed"]
        return {str(problem): float(share) for problem, share in passed.items()}
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().rpartition("\n")[2]
        raise ExportError(f"The judge {judge[0]} failed: {said[:300]}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError("The judge's last line is no JSON object with `passed`") from error


def paired_gain(before: Mapping[str, float], after: Mapping[str, float], seed: int) -> Score:
    """How much more is solved after than before, with the 95 % bootstrap interval over problems.

    Raises:
        ExportError: The two were not asked the same problems.
    """
    if not before or before.keys() != after.keys():
        raise ExportError("The judge asked the two coders different problems")
    first, second = (
        share("", "", [side[name] for name in sorted(before)]) for side in (before, after)
    )
    return difference(first, second, seed)


def objection(gain: Score, problems: int, rule: PromoteConfig) -> str:
    """Why the new coder does not replace the one in force; empty where it does."""
    if problems < rule.min_problems:
        return f"{problems} problems were measured, the rule asks for {rule.min_problems}"
    if gain.low <= rule.min_gain:
        between = f"{gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
        return f"against what is in force it changes by {between}, the lower end must exceed {rule.min_gain:+.4f}"
    return ""


def _install(candidate: Candidate, settings: Path) -> Path:
    kept = (
        settings.parent
        / "tuned"
        / (candidate.model.name if candidate.model.is_file() else candidate.table)
    )
    named = str(candidate.model.absolute())
    keys = {
        key: str(kept.absolute()) if value == named else value
        for key, value in candidate.keys.items()
    }
    edited = with_keys(_text(settings), candidate.table, keys)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if candidate.model.is_file():
        shutil.copy(candidate.model, kept)
    else:
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(candidate.model, kept)
    part = settings.with_suffix(".part")
    part.touch(mode=0o600)  # it may hold a key
    part.write_text(edited, encoding="utf-8")
    part.replace(settings)
    return settings


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
