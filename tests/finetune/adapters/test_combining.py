import json
from pathlib import Path
from typing import Any

import pytest

from finetune.adapters.combining import combine
from finetune.errors import ExportError, FingerprintError

pytestmark = pytest.mark.long

LAYER = "base_model.model.model.layers.0.self_attn.v_proj"
BASE = {"template": "t", "tokenizer": "k", "weights": "w"}


def adapter(
    folder: Path, rank: int, alpha: int, layer: str = LAYER, base: dict[str, str] = BASE
) -> Path:
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"r": rank, "lora_alpha": alpha}))
    (folder / "fingerprint.json").write_text(json.dumps(base))
    weights = {
        f"{layer}.lora_A.weight": torch.randn(rank, 6),
        f"{layer}.lora_B.weight": torch.randn(4, rank),
    }
    save_file(weights, folder / "adapter_model.safetensors")
    return folder


def change(folder: Path) -> Any:
    """What an adapter adds to its layer: (out, in)."""
    from safetensors.torch import load_file

    stored = json.loads((folder / "adapter_config.json").read_text())
    weights = load_file(folder / "adapter_model.safetensors")
    product = weights[f"{LAYER}.lora_B.weight"] @ weights[f"{LAYER}.lora_A.weight"]
    return product * stored["lora_alpha"] / stored["r"]


def test_the_average_is_exact(tmp_path: Path) -> None:
    import torch

    one, two = adapter(tmp_path / "1", 2, 8), adapter(tmp_path / "2", 3, 3)
    both = combine([(one, 0.5), (two, 0.5)], tmp_path / "both")
    torch.testing.assert_close(change(both), 0.5 * change(one) + 0.5 * change(two))
    quarter = combine([(one, 0.25)], tmp_path / "quarter")
    torch.testing.assert_close(change(quarter), 0.25 * change(one))
    assert (both / "fingerprint.json").read_text() == (one / "fingerprint.json").read_text()


def test_what_cannot_be_added_up(tmp_path: Path) -> None:
    one = adapter(tmp_path / "1", 2, 8)
    with pytest.raises(ExportError, match="No adapter is named"):
        combine([], tmp_path / "new")
    with pytest.raises(ExportError, match="exists already"):
        combine([(one, 1)], one)
    with pytest.raises(ExportError, match="different layers"):
        combine([(one, 1), (adapter(tmp_path / "2", 2, 8, "other"), 1)], tmp_path / "new")
    with pytest.raises(FingerprintError, match="weights"):
        combine(
            [(one, 1), (adapter(tmp_path / "3", 2, 8, base={**BASE, "weights": "x"}), 1)],
            tmp_path / "new",
        )
