"""Vectors and keywords that Ray's workers made, as the embedder and the keywords of a plain ingest."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ingestion.embedding import Embedder, Vectors
from ingestion.keywords import keywords_of
from ingestion.on_ray.stages import Found
from ingestion.paper import Paper
from ingestion.pipeline import BATCH
from ingestion.sources.metadata_files import Reject, Seen

_KEPT = 8 * BATCH  # an ingest holds two batches, which may begin within one of Ray's


@dataclass(slots=True)
class _Made:
    keywords: tuple[str, ...]
    vector: Vectors | None


class Delivered(Embedder):
    """Gives what has arrived; makes here what workers did not, since they thought that the library has it.

    That happens where one paper stands in the files in several versions. The batch it stands in is small.

    Args:
        embedder: Of the library.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self._embedder = embedder
        self._made: OrderedDict[str, _Made] = OrderedDict()

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._embedder.dim

    def load(self) -> None:
        """The model is loaded where the actors are."""

    def papers(self, found: Iterable[Found]) -> Iterator[Paper | Reject]:
        """What is found, for `ingest`, which asks for its vectors and keywords soon after."""
        seen = Seen()
        for each in found:
            item = seen.judge(each.path, each.line, each.item)
            if isinstance(item, Paper) and (item.keywords or each.vector is not None):
                self._made[item.text] = _Made(item.keywords, each.vector)
                while len(self._made) > _KEPT:
                    self._made.popitem(last=False)
            yield item

    def batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        """The vectors that arrived, then those that are made here; see `Embedder.batches`."""
        made = [self._made.get(text) for text in texts]
        here = [(i, m.vector) for i, m in enumerate(made) if m and m.vector is not None]
        if here:
            yield [i for i, _ in here], np.stack([vector for _, vector in here])
        missing = sorted(set(range(len(texts))) - {i for i, _ in here})
        for rows, vectors in self._embedder.batches([texts[i] for i in missing]):
            yield [missing[row] for row in rows], vectors

    def keywords(self, paper: Paper) -> tuple[str, ...]:
        """A paper's keywords."""
        made = self._made.get(paper.text)
        return made.keywords if made and made.keywords else keywords_of(paper)
