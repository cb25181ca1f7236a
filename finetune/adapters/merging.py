"""Merging an adapter into the original 16-bit weights, never into quantized ones."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from finetune.base.devices import device_of
from finetune.base.loading import (
    fingerprint,
    load_fingerprint,
    load_model,
    load_tokenizer,
    require_same,
)
from finetune.config import BaseModelConfig, Config
from finetune.errors import ExportError
from finetune.run_folder import RunFolder

_PROMPTS = 8
# Nats. Merged bfloat16 weights are rounded to 8 bits of mantissa while the adapter's own path is not,
# so some difference is right; a wrong scale or a missed layer shows as whole nats.
_TOLERANCE = {"auto": 0.5, "bfloat16": 0.5, "float32": 1e-3}


def merge(config: Config) -> Path:
    """Merge the run's adapter, and prove on validation prompts that nothing else changed.

    Returns:
        The folder of merged weights, with tokenizer and fingerprint of the base they came from.

    Raises:
        ExportError: No adapter, or merged and adapted models disagree.
        FingerprintError: The adapter belongs to another base.
    """
    folder = RunFolder(config.folder)
    rows = folder.rows("validation")[:_PROMPTS]
    prompts = [row["ids"][: row["prompt_tokens"]] for row in rows]
    merge_into(config.base, folder.adapter, folder.merged, device_of(config.train), prompts)
    return folder.merged


def merge_into(
    base: BaseModelConfig,
    adapter: Path,
    target: Path,
    device: str = "cpu",
    prompts: Sequence[Sequence[int]] = (),
) -> None:
    """Write base plus adapter as one model in the base's own dtype.

    Args:
        base: Loaded in 16 or 32 bits, whatever its `quantization` says.
        adapter: PEFT folder with the fingerprint of its base.
        target: Folder to write.
        device: Where to compute.
        prompts: Token ids on which both are compared.

    Raises:
        ExportError: No adapter, or the two disagree.
        FingerprintError: The adapter belongs to another base.
    """
    from peft import PeftModel

    if not (adapter / "adapter_config.json").is_file():
        raise ExportError(f"{adapter} holds no adapter", next_step="Run `train` first")
    tokenizer = load_tokenizer(base)
    require_base_of(adapter, base, tokenizer)
    adapted = PeftModel.from_pretrained(load_model(base, device), str(adapter)).eval()
    before = [next_token_log_probs(adapted, ids) for ids in prompts]
    merged = adapted.merge_and_unload(safe_merge=True)
    after = [next_token_log_probs(merged, ids) for ids in prompts]
    worst = max(
        (float((old - new)[old > -5].abs().max()) for old, new in zip(before, after, strict=True)),
        default=0.0,
    )
    if worst > _TOLERANCE[base.dtype]:
        raise ExportError(
            f"Merging moved a log-probability by {worst:.2f}", next_step="Set base.dtype=float32"
        )
    merged.save_pretrained(str(target))
    tokenizer.save_pretrained(str(target))


def require_base_of(adapter: Path, base: BaseModelConfig, tokenizer: Any) -> None:
    """Refuse an adapter that was trained on other weights or another tokenizer.

    The adapter's own `base_model_name_or_path` is a path on the machine that trained it, so the
    fingerprint beside it is what counts.

    Raises:
        FingerprintError: It was, or it has no fingerprint.
    """
    recorded = load_fingerprint(adapter / "fingerprint.json")
    present = fingerprint(base, tokenizer, None)
    require_same(recorded, replace(present, template=recorded.template))


def next_token_log_probs(model: Any, ids: Sequence[int]) -> Any:
    """Log-probabilities of the token after a prompt, a float32 tensor of shape (vocabulary,)."""
    import torch

    with torch.inference_mode():
        output = model(input_ids=torch.tensor([list(ids)], device=model.device), logits_to_keep=1)
    return output.logits[0, -1].float().log_softmax(-1)
