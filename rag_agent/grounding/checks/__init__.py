"""Whether what was written stands: names, numbers, what these count, and whose they are."""
