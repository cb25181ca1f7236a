"""Vectors of texts, computed once and kept in the user's cache, so that a long run resumes."""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib import metadata

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

Vectors = NDArray[np.float32]
_BLOCK = 500  # texts embedded and kept at once


def cached(
    encoder: str, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]
) -> Vectors:
    """`encode(texts)`, float32 (len(texts), dim); only texts that this encoder never saw are embedded."""
    folder = user_cache_path("arxiv-agent-bench", appauthor=False, ensure_exists=True)
    name = f"{encoder}, {', '.join(map(metadata.version, ('torch', 'sentence-transformers')))}"
    text_of = {_key(name, text): text for text in texts}
    with closing(sqlite3.connect(folder / "vectors.sqlite", timeout=60)) as database:
        database.execute("create table if not exists vectors (key blob primary key, vector blob)")
        known = _read(database, list(text_of))
        missing = [key for key in text_of if key not in known]
        for start in range(0, len(missing), _BLOCK):
            block = missing[start : start + _BLOCK]
            made = np.asarray(encode([text_of[key] for key in block]), np.float32)
            known |= dict(zip(block, made, strict=True))
            with database:
                rows = [(key, known[key].tobytes()) for key in block]
                database.executemany("insert or replace into vectors values (?, ?)", rows)
    return np.stack([known[_key(name, text)] for text in texts])


def _read(database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
    found: dict[bytes, Vectors] = {}
    for start in range(0, len(keys), _BLOCK):
        block = keys[start : start + _BLOCK]
        places = ", ".join("?" * len(block))
        rows = database.execute(f"select key, vector from vectors where key in ({places})", block)
        found |= {key: np.frombuffer(vector, np.float32) for key, vector in rows}
    return found


def _key(encoder: str, text: str) -> bytes:
    return hashlib.blake2b(f"{encoder}\0{text}".encode(errors="replace"), digest_size=16).digest()
