"""The base model: loading, and the fingerprint that ties a run to it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from finetune.config import BaseModelConfig
from finetune.errors import BaseError, FingerprintError

_HASHED_BYTES = 1 << 22  # of a weights file: with its size enough to tell two checkpoints apart

# From the config.json of each model on the hub.
_SHAPES: dict[str, dict[str, Any]] = {
    "Qwen/Qwen2.5-Coder-0.5B-Instruct": {
        "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
        "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
        "tie_word_embeddings": True,
    },
    "Qwen/Qwen2.5-Coder-1.5B-Instruct": {
        "hidden_size": 1536, "intermediate_size": 8960, "num_hidden_layers": 28,
        "num_attention_heads": 12, "num_key_value_heads": 2, "vocab_size": 151936,
        "tie_word_embeddings": True,
    },
    "Qwen/Qwen2.5-Coder-7B-Instruct": {
        "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
        "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064,
        "tie_word_embeddings": False,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256 of what must not change between training, evaluation and serving.

    Args:
        template: Of the chat template's text and the system prompt.
        tokenizer: Of vocabulary, merges and added tokens.
        weights: Of size, first and last 4 MiB of each weights file; of name and revision where the
            weights are on the hub.
    """

    template: str
    tokenizer: str
    weights: str

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def load_fingerprint(path: Path) -> Fingerprint:
    """Read a fingerprint.

    Raises:
        FingerprintError: There is none.
    """
    try:
        return Fingerprint(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise FingerprintError(
            f"{path} holds no fingerprint", next_step="Run `prepare` with this config first"
        ) from error


def require_same(recorded: Fingerprint, present: Fingerprint) -> None:
    """Refuse to mix two bases.

    Raises:
        FingerprintError: Names the parts that differ.
    """
    differing = [name for name, value in asdict(recorded).items() if value != asdict(present)[name]]
    if differing:
        raise FingerprintError(
            f"The base differs from the one this run was made with: {', '.join(differing)}",
            next_step="Name the run's own base, or start another run with `prepare`",
        )


def fingerprint(base: BaseModelConfig, tokenizer: Any, system: str | None) -> Fingerprint:
    """The fingerprint of a base as it is now."""
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    del state["padding"], state["truncation"]  # set by the last call, not by the vocabulary
    return Fingerprint(
        template=_sha256(f"{tokenizer.chat_template}\0{system}".encode()),
        tokenizer=_sha256(json.dumps(state, sort_keys=True).encode()),
        weights=_weights_hash(base),
    )


def load_tokenizer(base: BaseModelConfig) -> Any:
    """The tokenizer of a folder, a GGUF file or a name on the hub.

    Raises:
        BaseError: It cannot be loaded.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(**_where(base))
    except (OSError, ValueError) as error:
        raise _unusable(base, error) from error


def transformers_config(base: BaseModelConfig) -> Any:
    """Shape of the base, without its weights.

    The reference models' shapes are known here, so that a run can be planned where the hub cannot
    be reached.

    Raises:
        BaseError: Neither known nor loadable.
    """
    from transformers import AutoConfig, Qwen2Config

    known = _SHAPES.get(base.weights)
    if known:
        return Qwen2Config(**known)
    try:
        return AutoConfig.from_pretrained(**_where(base))
    except (OSError, ValueError) as error:
        raise _unusable(base, error) from error


def load_model(base: BaseModelConfig, device: str, *, quantize: bool = False) -> Any:
    """The base model on a device, frozen weights in `base.dtype`; where that is `auto`, as they are stored.

    Args:
        base: Which one.
        device: `cpu` or `cuda`.
        quantize: Apply `base.quantization`; merging never does.

    Raises:
        BaseError: The weights cannot be loaded, or NF4 is not served here.
    """
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    where = _where(base)
    if quantize and base.quantization == "nf4":
        where["quantization_config"] = _nf4()
    elif "gguf_file" in where:
        # Packed GGUF blocks compute in float32 and cannot be merged into: unpack them.
        where["quantization_config"] = GgufConfig(dequantize=True)
    try:
        return AutoModelForCausalLM.from_pretrained(
            **where, dtype=getattr(torch, base.dtype, "auto"), device_map={"": device}
        )
    except (OSError, ValueError) as error:
        raise _unusable(base, error) from error


def _nf4() -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    try:
        import bitsandbytes  # noqa: F401
    except ImportError as error:
        raise BaseError(
            "base.quantization nf4 needs bitsandbytes, which is not installed",
            next_step="Install the finetune extra, or set base.quantization=none",
        ) from error
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _where(base: BaseModelConfig) -> dict[str, Any]:
    path = Path(base.weights)
    if path.suffix == ".gguf":
        return {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    if path.is_dir():
        return {"pretrained_model_name_or_path": str(path)}
    return {"pretrained_model_name_or_path": base.weights, "revision": base.revision}


def _unusable(base: BaseModelConfig, error: Exception) -> BaseError:
    first_line = (str(error).splitlines() or ["no reason given"])[0]
    return BaseError(
        f"{base.weights} cannot be loaded: {first_line}",
        next_step="Set base.weights to a local folder, a GGUF file, or a name on the hub",
    )


def _weights_hash(base: BaseModelConfig) -> str:
    path = Path(base.weights)
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    if not files:
        return _sha256(f"{base.weights}@{base.revision}".encode())
    return _sha256(b"".join(_ends(file) for file in files))


def _ends(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as stream:
        first = stream.read(_HASHED_BYTES)
        stream.seek(max(0, size - _HASHED_BYTES))
        return size.to_bytes(8, "big") + first + stream.read()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
