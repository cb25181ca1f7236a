"""An adapter for others: proven to be applied, and made the agent's coder if it earned it."""

from finetune.ship.checking import check
from finetune.ship.promotion import promote

__all__ = ["check", "promote"]
