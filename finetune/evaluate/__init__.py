"""Base and tuned side by side: generated, scored, reported."""
