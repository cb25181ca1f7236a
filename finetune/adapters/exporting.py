"""An adapter for others: PEFT, GGUF or merged, each with a model card that says how to serve it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from finetune.adapters.gguf_adapter import adapter_to_gguf
from finetune.adapters.merging import merge
from finetune.config import Config
from finetune.errors import ExportError
from finetune.run_folder import RunFolder

Form = Literal["peft", "gguf", "merged"]


def export(config: Config, form: Form) -> Path:
    """Write the run's adapter in one form.

    Returns:
        The folder, or the GGUF file, that was written; the model card lies beside it.

    Raises:
        ExportError: No adapter, or one that this form cannot hold.
    """
    folder = RunFolder(config.folder)
    if not (folder.adapter / "adapter_config.json").is_file():
        raise ExportError(f"{folder.adapter} holds no adapter", next_step="Run `train` first")
    if form == "merged":
        target = folder.merged if folder.merged.exists() else merge(config)
        card = target / "README.md"
    elif form == "gguf":
        target = adapter_to_gguf(folder.adapter, gguf_path(config), _architecture(config))
        card = folder.export / "README.md"
    else:
        target = folder.export / "peft"
        needed = ("adapter_config.json", "adapter_model.safetensors", "fingerprint.json")
        target.mkdir(parents=True, exist_ok=True)
        for name in needed:
            shutil.copy(folder.adapter / name, target / name)
        _portable(target, config)
        card = target / "README.md"
    card.write_text(model_card(config, form), encoding="utf-8")
    return target


def gguf_path(config: Config) -> Path:
    """Where the run's GGUF adapter lies."""
    return RunFolder(config.folder).export / f"{config.name}-lora.gguf"


def model_card(config: Config, form: Form) -> str:
    """The card: licences, recipe, scores, and the commands that serve this form."""
    folder = RunFolder(config.folder)
    licences = sorted({source.licence for source in config.data.sources})
    base = Path(config.base.weights).name
    table = folder.table.read_text("utf-8") if folder.table.exists() else "Not evaluated yet.\n"
    summary = json.loads(folder.summary.read_text("utf-8")) if folder.summary.exists() else {}
    return "\n".join(
        [
            "---",
            f"base_model: {base}",
            f"library_name: {'transformers' if form == 'merged' else 'peft'}",
            f"license: {json.dumps('; '.join(licences))}",
            "tags: [lora, code]",
            "---",
            f"# {config.name}",
            "",
            f"A LoRA adapter for {base}"
            + (", merged into its 16-bit weights." if form == "merged" else "."),
            "",
            "## Licences",
            f"- Base weights: {config.base.licence}",
            *(f"- {source.file or Path(source.path).name}: {source.licence}" for source in config.data.sources),
            "",
            "The licences of the data bind what is made from it: with a non-commercial one the"
            " adapter is for non-commercial use.",
            "",
            "## Recipe",
            *_recipe(config, summary),
            "",
            "## Scores",
            table,
            "## Serving",
            *_commands(config, form),
            "",
        ]
    )  # fmt: skip


def _recipe(config: Config, summary: Mapping[str, Any]) -> list[str]:
    lora, train = config.lora, config.train
    lines = [
        f"- LoRA rank {lora.rank}, alpha {lora.alpha}, dropout {lora.dropout} on {', '.join(lora.targets)}",
        f"- learning rate {train.learning_rate:g}, {train.schedule}, effective batch {train.effective_batch}",
        f"- rows over {config.data.max_tokens} tokens dropped, seed {config.seed}",
    ]
    if summary:
        lines.append(
            f"- {summary['steps']} steps, {summary['useful_tokens']:,} tokens, "
            f"{summary['seconds'] / 60:.0f} minutes, peak memory {summary['peak_memory_gb']} GB"
        )
    return lines


def _commands(config: Config, form: Form) -> list[str]:
    base = config.base.weights
    if form == "merged":
        return ["```", f"vllm serve ./merged --served-model-name {config.name}", "```"]
    if form == "peft":
        lora = (
            f"--enable-lora --max-lora-rank {config.lora.rank} --lora-modules {config.name}=./peft"
        )
        return ["```", f"vllm serve {Path(base).name} {lora}", "```"]
    gguf = Path(config.base.gguf or "BASE.gguf").name
    return ["```", f"llama-server -m {gguf} --lora {gguf_path(config).name}", "```"]


def _portable(target: Path, config: Config) -> None:
    """Replace the training machine's path of the base by its plain name."""
    path = target / "adapter_config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    weights = config.base.weights
    values["base_model_name_or_path"] = Path(weights).name if Path(weights).exists() else weights
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _architecture(config: Config) -> str:
    from finetune.base.loading import transformers_config

    return str(transformers_config(config.base).model_type)
