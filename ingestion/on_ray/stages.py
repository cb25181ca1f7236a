"""What Ray's workers do: each stage takes a row and gives rows, and is made of the pipeline's own functions.

A row is a batch of `BATCH` records, pickled: one worker that dies costs the work on its batch, which Ray gives to
another. A batch is kept in order and whole, so that the same files give the same batches.
"""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from ingestion.embedding import Embedder, Vectors
from ingestion.errors import StoreUnavailable
from ingestion.keywords import keywords_of
from ingestion.on_ray.files import open_file
from ingestion.paper import Paper
from ingestion.pipeline import BATCH, compared, in_batches, patiently
from ingestion.settings import StoreSettings
from ingestion.sources.metadata_files import Raw, Reject, paper_or_reject, raw_records
from ingestion.store import Store

Row = dict[str, object]


@dataclass(frozen=True)
class Place:
    """Where workers find the library, and how they make its embedder; equal for all of a run.

    Args:
        store: The store's settings.
        home: Data folder, for weights and a local library.
        model: Name of the embedding model.
        dim: Length of its vectors.
        make_embedder: Makes the embedder of an actor, in that actor.
    """

    store: StoreSettings
    home: Path
    model: str
    dim: int
    make_embedder: Callable[[], Embedder]


@dataclass(slots=True)
class Found:
    """A paper or reject on its way, with what workers made of it.

    Args:
        path: The file it stands in.
        line: Its line there.
        item: The paper, with keywords where it is to be written.
        to_embed: Whether the library has no vector of its text.
        vector: float32 (dim,), once it is embedded.
    """

    path: Path | str
    line: int
    item: Paper | Reject
    to_embed: bool = False
    vector: Vectors | None = None


def read(row: Row) -> Iterator[Row]:
    """The records of one file, batch by batch, unparsed: one process reads a file at the disk's speed."""
    file = str(row["file"])
    for batch in in_batches(raw_records(file, partial(open_file, file)), BATCH):
        yield {"batch": pickle.dumps(batch)}


def prepare(row: Row, place: Place) -> Row:
    """Clean records, see what the library lacks of them, and extract the keywords of that."""
    raws: list[Raw] = _loaded(row)
    found = [Found(raw.path, raw.line, paper_or_reject(raw)) for raw in raws]
    papers = [each.item for each in found if isinstance(each.item, Paper)]
    work = patiently(lambda: compared(papers, _store(place)))
    to_embed = {id(paper) for paper in work.added + work.changed}
    to_write = to_embed | {id(paper) for paper in work.same}
    for each in found:
        each.to_embed = id(each.item) in to_embed
        if isinstance(each.item, Paper) and id(each.item) in to_write:
            each.item = replace(each.item, keywords=keywords_of(each.item))
    return {"batch": pickle.dumps(found)}


class Embedding:
    """An actor that holds the embedding model and embeds what `prepare` found to be lacking."""

    def __init__(self, place: Place) -> None:
        self._embedder = place.make_embedder()

    def __call__(self, row: Row) -> Row:
        """A row with its vectors."""
        found: list[Found] = _loaded(row)
        lacking = [each for each in found if each.to_embed and isinstance(each.item, Paper)]
        texts = [each.item.text for each in lacking if isinstance(each.item, Paper)]
        for each, vector in zip(lacking, self._embedder.encode(texts), strict=True):
            each.vector = vector
        return {"batch": pickle.dumps(found)}


def arrived(row: Row) -> list[Found]:
    """What a row holds after the last stage."""
    found: list[Found] = _loaded(row)
    return found


def _loaded(row: Row) -> list:  # type: ignore[type-arg]  # of Raw before `prepare`, of Found after it
    batch = row["batch"]
    assert isinstance(batch, bytes)
    return list(pickle.loads(batch))  # noqa: S301  # of this program's own workers


@cache
def _store(place: Place) -> Store:
    """The library, opened once in a worker.

    Raises:
        StoreUnavailable: It is a local one, and this node does not have it.
    """
    if not place.store.uri and not (place.home / "library").is_dir():
        raise StoreUnavailable(
            f"One of Ray's nodes does not have the library in {place.home}",
            next_step="On several machines name a Milvus server (ARXIV_AGENT_STORE__URI)",
        )
    return Store(place.store, place.home, place.model, lambda: place.dim)
