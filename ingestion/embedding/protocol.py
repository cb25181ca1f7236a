"""What makes vectors of texts: a model in this process or in a shared one, or a double."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Embeds texts. Safe to share between threads.

    Its forms: `LocalEmbedder`, `SharedEmbedder`, and `HashingEmbedder` for tests.
    """

    name: str
    """Of the model; vectors of another name are not comparable."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Length of a vector; may load the model."""

    @abstractmethod
    def load(self) -> None:
        """Load the model now, for instance in a background thread, instead of at the first text."""

    @abstractmethod
    def batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        """The texts' vectors as they are computed: places in `texts`, and their rows of `encode`."""

    def encode(
        self,
        texts: Sequence[str],
        on_batch: Callable[[int], None] = lambda texts_done: None,
    ) -> Vectors:
        """Embed texts; those beyond the model's input length (256 word pieces for MiniLM) are cut there.

        Args:
            texts: Any number of texts.
            on_batch: Called after each forward pass with the number of texts it embedded.

        Returns:
            float32 (len(texts), dim), rows of Euclidean norm 1, so that a dot product is the cosine.
        """
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for rows, part in self.batches(texts):
            vectors[rows] = part
            on_batch(len(rows))
        return vectors
