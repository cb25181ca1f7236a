"""Texts to vectors: the model here, in a process that all programs share, or a double for tests."""
