"""Vectors of a text collection, computed once and kept in the user's cache, so that a run resumes."""

import hashlib
from collections.abc import Callable, Sequence
from importlib import metadata

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

Vectors = NDArray[np.float32]
_BLOCK = 2000


def cached(
    encoder: str, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]
) -> Vectors:
    """`encode(texts)`, float32 (len(texts), dim), a block of 2,000 texts at a time from disk if known."""
    folder = user_cache_path("arxiv-agent-bench", appauthor=False, ensure_exists=True)
    blocks = [texts[start : start + _BLOCK] for start in range(0, len(texts), _BLOCK)]
    made = []
    for block in blocks:
        path = folder / f"{_key(encoder, block)}.npy"
        if not path.exists():
            part = path.with_suffix(".part.npy")
            np.save(part, encode(block))
            part.replace(path)
        made.append(np.asarray(np.load(path), np.float32))
    return np.concatenate(made)


def _key(encoder: str, texts: Sequence[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in (
        encoder,
        metadata.version("torch"),
        metadata.version("sentence-transformers"),
        *texts,
    ):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()
