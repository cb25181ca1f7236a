"""Every error of the package, in one tree.

FinetuneError          what happened, and what to do next
├── ConfigError        a YAML or an override that cannot mean anything
├── DataError          rows that cannot be read, rendered or split
├── BaseError          base weights, tokenizer or device that cannot be used
├── FingerprintError   another template, tokenizer or base than the run was made with
├── TrainingError      training that cannot start or may not go on
├── GenerationError    a server or model that gave no predictions
└── ExportError        an adapter that cannot be converted, merged, checked or promoted
"""


class FinetuneError(Exception):
    """Base of the tree.

    Args:
        what: One clause, what happened.
        next_step: What the user can do about it.
    """

    def __init__(self, what: str, *, next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return " ".join(part.rstrip(".") + "." for part in (self.what, self.next_step) if part)


class ConfigError(FinetuneError):
    """A YAML or an override that cannot mean anything."""


class DataError(FinetuneError):
    """Rows that cannot be read, rendered or split."""


class BaseError(FinetuneError):
    """Base weights, tokenizer or device that cannot be used."""


class FingerprintError(FinetuneError):
    """Another template, tokenizer or base than the run was made with."""


class TrainingError(FinetuneError):
    """Training that cannot start or may not go on."""


class GenerationError(FinetuneError):
    """A server or model that gave no predictions."""


class ExportError(FinetuneError):
    """An adapter that cannot be converted, merged, checked or promoted."""
