"""An adapter as files: merged into its base, combined with others, exported with a card."""

from finetune.adapters.combining import combine
from finetune.adapters.exporting import export
from finetune.adapters.merging import merge

__all__ = ["combine", "export", "merge"]
