"""An embedder without weights, for tests."""

from collections.abc import Iterator, Sequence

import numpy as np

from ingestion.embedding.protocol import Embedder, Vectors
from ingestion.terms import terms


class HashingEmbedder(Embedder):
    """A test double: a text's vector is the sum of its stems' fixed random vectors. No weights.

    Texts that share stems are near each other (cosine about the share of common stems), texts without
    common stems nearly orthogonal, to within 1/sqrt(dim).

    Args:
        dim: Length of a vector.
    """

    def __init__(self, dim: int = 64) -> None:
        self.name = f"hashing-{dim}"
        self._dim = dim

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    def load(self) -> None:
        """Nothing is to be loaded."""

    def batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        """All texts at once."""
        vectors = np.zeros((len(texts), self._dim), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for stem in sorted(set(terms(text))) or [""]:
                row += np.random.default_rng(list(stem.encode())).standard_normal(self._dim)
            row /= np.linalg.norm(row)
        yield list(range(len(texts))), vectors
