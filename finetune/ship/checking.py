"""Proof that an exported adapter is really applied, and means the same in both engines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.adapters.exporting import gguf_path
from finetune.answers.generation import Generate, with_server, with_transformers
from finetune.answers.llama_cpp import llama_server
from finetune.base.devices import device_of
from finetune.config import Config
from finetune.data.prepare import renderer_of
from finetune.errors import ExportError
from finetune.run_folder import RunFolder

_PROMPTS = 12
_TOKENS = 24
_MARGIN = 0.15  # how much worse than the bases the adapters may agree: their noise adds up


@dataclass(frozen=True, slots=True)
class Check:
    """Mean share of equal leading characters in greedy answers, 0 to 1.

    Args:
        adapter_against_base: In transformers; 1 means that the adapter does nothing.
        gguf_adapter_against_base: The same in llama.cpp.
        bases: Base in transformers against base in llama.cpp: what quantization alone changes.
        adapters: Adapter in transformers against GGUF adapter in llama.cpp.
    """

    adapter_against_base: float
    gguf_adapter_against_base: float
    bases: float
    adapters: float

    def require(self) -> None:
        """Refuse an adapter that changes nothing, or not the same in both.

        Raises:
            ExportError: Says which.
        """
        if self.adapter_against_base == 1:
            raise ExportError("The adapter's output equals the base's", next_step="Train longer")
        if self.gguf_adapter_against_base == 1:
            raise ExportError("llama.cpp serves the base: the GGUF adapter changes nothing")
        if self.adapters < self.bases - _MARGIN:
            raise ExportError(
                f"GGUF and PEFT answers agree in {self.adapters:.0%}, the bases in {self.bases:.0%}",
                next_step="Run `export --form gguf` again and check base.gguf",
            )


def check(config: Config) -> Check:
    """Compare base and adapter, in transformers and in llama.cpp, on validation prompts.

    Raises:
        ExportError: No GGUF base or adapter; see `Check.require` for the verdict.
    """
    from peft import PeftModel

    from finetune.base.loading import load_model

    folder = RunFolder(config.folder)
    gguf = gguf_path(config)
    if not (config.base.gguf and gguf.is_file()):
        raise ExportError(
            "No GGUF adapter to check", next_step="Set base.gguf, run `export --form gguf`"
        )
    renderer = renderer_of(config)
    prompts = [row["ids"][: row["prompt_tokens"]] for row in folder.rows("validation")[:_PROMPTS]]
    model = load_model(config.base, device_of(config.train)).eval()

    def local(adapted: Any) -> list[str]:
        return _answers(
            with_transformers(adapted, renderer.tokenizer, config.evaluate.batch_tokens), prompts
        )

    base = local(model)
    tuned = local(PeftModel.from_pretrained(model, str(folder.adapter)).eval())
    served_base = _served(Path(config.base.gguf), None, prompts)
    served_tuned = _served(Path(config.base.gguf), gguf, prompts)
    return Check(
        adapter_against_base=agreement(tuned, base),
        gguf_adapter_against_base=agreement(served_tuned, served_base),
        bases=agreement(base, served_base),
        adapters=agreement(tuned, served_tuned),
    )


def agreement(left: Sequence[str], right: Sequence[str]) -> float:
    """Mean share of equal leading characters over pairs of answers, 0 to 1."""
    shares = [_common(one, other) for one, other in zip(left, right, strict=True)]
    return sum(shares) / len(shares)


def _common(left: str, right: str) -> float:
    longest = max(len(left), len(right))
    pairs = zip(left, right, strict=False)
    same = next(
        (n for n, (one, other) in enumerate(pairs) if one != other), min(len(left), len(right))
    )
    return same / longest if longest else 1.0


def _served(base: Path, adapter: Path | None, prompts: Sequence[Sequence[int]]) -> list[str]:
    context = max(map(len, prompts)) + _TOKENS + 16
    with llama_server(base, adapter, slots=4, context_tokens=context) as base_url:
        return _answers(with_server(base_url, "check", 4, timeout_s=600), prompts)


def _answers(generate: Generate, prompts: Sequence[Sequence[int]]) -> list[str]:
    found = dict(generate(prompts, _TOKENS))
    return [found[number].text for number in range(len(prompts))]
