"""The base model, and a run that tunes an adapter for it."""
