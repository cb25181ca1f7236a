"""Adapters weighed and added up: one scaled to a part of itself, or several averaged into one.

Exact: B·A of the result is the weighted sum of the parts' B·A, for their matrices are put side by side (rank r₁ + r₂ …)
instead of averaged one by one. Averaging what was trained apart often keeps the gains of each (Wortsman et al. 2022,
arXiv:2203.05482); a smaller scale gives up a gain for less forgetting.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from finetune.base.loading import load_fingerprint, require_same
from finetune.errors import ExportError


def combine(parts: Sequence[tuple[Path, float]], target: Path) -> Path:
    """Write the weighted sum of adapters as one adapter.

    Args:
        parts: PEFT folders of the same base, each with its weight; 1 as trained.
        target: Folder to write; it must not exist.

    Raises:
        ExportError: Nothing to add up, no adapter in a folder, other layers, or a target that exists.
        FingerprintError: The parts belong to different bases.
    """
    if not parts or target.exists():
        raise ExportError(
            f"{target} exists already" if parts else "No adapter is named",
            next_step="Give --adapter FOLDER=WEIGHT and a new --to",
        )
    for path, _ in parts[1:]:
        require_same(
            load_fingerprint(parts[0][0] / "fingerprint.json"),
            load_fingerprint(path / "fingerprint.json"),
        )
    configs = [_config(path) for path, _ in parts]
    added = _added(
        [
            (_weights(path), weight * config["lora_alpha"] / config["r"])
            for (path, weight), config in zip(parts, configs, strict=True)
        ]
    )
    _write(target, added, configs)
    shutil.copy(parts[0][0] / "fingerprint.json", target / "fingerprint.json")
    return target


def _config(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((path / "adapter_config.json").read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ExportError(f"{path} holds no adapter", next_step="Run `train` first") from error


def _weights(path: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(path / "adapter_model.safetensors"))


def _added(parts: Sequence[tuple[Mapping[str, Any], float]]) -> dict[str, Any]:
    """Matrices side by side, each B with its part's scale in it."""
    import torch

    names = parts[0][0].keys()
    if any(weights.keys() != names for weights, _ in parts):
        raise ExportError(
            "The adapters are on different layers",
            next_step="Train them with the same lora.targets",
        )
    return {
        name: torch.cat([weights[name] for weights, _ in parts], 0)
        if "lora_A" in name
        else torch.cat([weights[name] * scale for weights, scale in parts], 1).contiguous()
        for name in names
    }


def _write(target: Path, weights: Mapping[str, Any], configs: Sequence[Mapping[str, Any]]) -> None:
    from safetensors.torch import save_file

    target.mkdir(parents=True)
    rank = sum(config["r"] for config in configs)
    stored = {**configs[0], "r": rank, "lora_alpha": rank}  # the scales are in the weights
    (target / "adapter_config.json").write_text(
        json.dumps(stored, indent=2) + "\n", encoding="utf-8"
    )
    save_file(dict(weights), target / "adapter_model.safetensors")
