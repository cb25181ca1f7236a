"""An adapter for others: merged, exported, checked, promoted."""
