"""The base model: loaded with its tokenizer, known again by its fingerprint, put on a device."""

from finetune.base.devices import device_of
from finetune.base.loading import fingerprint, load_model, load_tokenizer

__all__ = ["device_of", "fingerprint", "load_model", "load_tokenizer"]
