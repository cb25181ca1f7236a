"""Texts to vectors: the model here, in a process that all programs share, or a double for tests."""

from ingestion.embedding.hashing import HashingEmbedder
from ingestion.embedding.protocol import Embedder, Vectors

__all__ = ["Embedder", "HashingEmbedder", "Vectors"]
