"""A PEFT adapter as a GGUF file, which llama.cpp loads beside its base."""

import json
import re
from pathlib import Path

import numpy as np

from finetune.errors import ExportError

_TENSOR = re.compile(r"base_model\.model\.(?P<layer>.+)\.lora_(?P<side>[AB])\.weight")


def adapter_to_gguf(adapter: Path, target: Path, architecture: str = "qwen2") -> Path:
    """Convert a LoRA adapter of linear layers.

    Qwen2 stores q, k and v as llama.cpp wants them, so no weight is permuted.

    Args:
        adapter: PEFT folder: adapter_config.json and adapter_model.safetensors.
        target: GGUF file to write, float32.
        architecture: llama.cpp's name of the base's architecture.

    Raises:
        ExportError: No adapter there, or one with parts that GGUF adapters cannot hold.
    """
    from gguf import GGUFWriter

    config = _adapter_config(adapter)
    tensors = _tensors(adapter, architecture)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    writer = GGUFWriter(partial, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(config["lora_alpha"]))
    writer.add_name(adapter.parent.name)
    for name, values in tensors.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return partial.replace(target)


def _adapter_config(adapter: Path) -> dict[str, float]:
    try:
        config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(
            f"{adapter} holds no PEFT adapter", next_step="Run `train` first"
        ) from error
    for option in ("use_rslora", "use_dora", "modules_to_save"):
        if config.get(option):
            raise ExportError(f"A GGUF adapter cannot hold {option}", next_step="Export it merged")
    return dict(config)


def _tensors(adapter: Path, architecture: str) -> dict[str, np.ndarray]:
    """Float32 arrays by llama.cpp's names: lora_a (rank, in), lora_b (out, rank)."""
    from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, get_tensor_name_map
    from safetensors import safe_open

    by_name = {name: key for key, name in MODEL_ARCH_NAMES.items()}
    if architecture not in by_name:
        raise ExportError(f"llama.cpp has no architecture {architecture}")
    kind: MODEL_ARCH = by_name[architecture]
    converted: dict[str, np.ndarray] = {}
    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as stored:
        keys = list(stored.keys())
        names = get_tensor_name_map(kind, 1 + max(map(_block, keys), default=0))
        for key in keys:
            part = _TENSOR.fullmatch(key)
            name = part and names.get_name(f"{part['layer']}.weight", try_suffixes=(".weight",))
            if not part or not name:
                raise ExportError(f"{key} has no name in llama.cpp", next_step="Export it merged")
            values = stored.get_tensor(key).float().numpy()
            converted[f"{name}.lora_{part['side'].lower()}"] = values
    if not converted:
        raise ExportError(f"{adapter} holds no weights")
    return converted


def _block(key: str) -> int:
    found = re.search(r"\.layers\.(\d+)\.", key)
    return int(found[1]) if found else 0
