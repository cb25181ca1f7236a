"""Stacking: an old adapter becomes part of the base, and a new one is trained on top."""

from pathlib import Path

from finetune.adapters.merging import merge_into
from finetune.base.devices import device_of
from finetune.base.loading import fingerprint, load_tokenizer
from finetune.config import Config
from finetune.data.prepare import renderer_of
from finetune.run_folder import RunFolder


def stack(config: Config, adapter: Path) -> Config:
    """Merge an adapter into the run's 16-bit base and make that the base of the run.

    Args:
        config: A run that `prepare` has rendered for the adapter's own base.
        adapter: PEFT folder with its fingerprint.

    Returns:
        The config to train with.

    Raises:
        FingerprintError: Run or adapter belong to another base.
        ExportError: No adapter.
    """
    folder = RunFolder(config.folder)
    renderer_of(config)
    merge_into(config.base, adapter, folder.stacked_base, device_of(config.train))
    stacked = on_stacked_base(config)
    tokenizer = load_tokenizer(stacked.base)
    fingerprint(stacked.base, tokenizer, config.system).save(folder.fingerprint)
    return stacked


def on_stacked_base(config: Config) -> Config:
    """The config with the run's own base where `stack` has made one, else as it is.

    That base has no GGUF, so llama.cpp cannot serve it: generation moves to transformers.
    """
    stacked = RunFolder(config.folder).stacked_base
    if not stacked.is_dir():
        return config
    base = config.base.model_copy(update={"weights": str(stacked), "gguf": ""})
    evaluate = config.evaluate
    if evaluate.backend == "llama.cpp":
        evaluate = evaluate.model_copy(update={"backend": "transformers"})
    return config.model_copy(update={"base": base, "evaluate": evaluate})
