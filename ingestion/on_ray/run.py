"""An ingest whose work is done by Ray, on this machine or on a cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from ingestion.embedding import Embedder
from ingestion.embedding.model import LocalEmbedder
from ingestion.errors import AgentError
from ingestion.library import Library
from ingestion.on_ray import stages
from ingestion.on_ray.delivered import Delivered
from ingestion.on_ray.files import all_files
from ingestion.pipeline import IngestReport, ingest
from ingestion.settings import EmbeddingSettings

_BLOCK_BYTES = (
    1  # so that a block, which a task does as a whole, holds one batch, however short its records
)
# Shares of a core. Stages with different shares are not fused into one task, and an embedding actor leaves
# half of its core to the others, so that reading never waits for a core that actors hold.
_READ_CPUS, _PREPARE_CPUS, _EMBED_CPUS = 0.2, 0.25, 0.5


def ingest_on_ray(
    paths: Sequence[str],
    library: Library,
    embedding: EmbeddingSettings,
    address: str = "local",
    *,
    make_embedder: Callable[[], Embedder] | None = None,
    on_batch: Callable[[IngestReport], None] = lambda report: None,
) -> IngestReport:
    """Bring metadata files in as `Library.ingest_files` does, with the work done by Ray.

    The report, the rejects and the papers written are those of the plain way. A run that was killed goes on
    where it stopped, and a worker or node that ends costs the batches it was at.

    Args:
        paths: Files, folders, and addresses that fsspec knows, such as `s3://bucket/folder`.
        library: Where papers go; a Milvus server where nodes are several machines.
        embedding: The model's settings, for the actors.
        address: `local` starts Ray here for this run; `auto` or `host:6379` joins a cluster.
        make_embedder: Makes an actor's embedder; None: the model of `embedding`.
        on_batch: Told of the counts after every batch written.

    Raises:
        AgentError: Ray is not installed, cannot be reached, or a worker failed; what was written stands.
    """
    files = all_files(paths)
    settings, store = library.settings, library.store
    make = make_embedder or partial(LocalEmbedder, embedding, settings.home)
    place = stages.Place(
        settings.store, settings.home.absolute(), store.info.embedding_model, store.info.dim, make
    )
    delivered = Delivered(library.embedder)
    with _ray(address):
        return ingest(
            delivered.papers(_found(files, place)),
            store,
            delivered,
            settings.home,
            source=", ".join(path.rstrip("/").rsplit("/", 1)[-1] for path in paths),
            keywords=delivered.keywords,
            on_batch=on_batch,
        )


def _found(files: list[str], place: stages.Place) -> Iterator[stages.Found]:
    """What the stages make of the files, in their order."""
    import ray.data
    from ray.data import ActorPoolStrategy

    resources = ray.cluster_resources()
    gpus, cores = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
    share: dict[str, Any] = {"num_gpus": 1} if gpus else {"num_cpus": _EMBED_CPUS}
    rows = ray.data.from_items([{"file": file} for file in files], override_num_blocks=len(files))
    made = (
        rows.flat_map(stages.read, num_cpus=_READ_CPUS)
        .map(partial(stages.prepare, place=place), num_cpus=_PREPARE_CPUS)
        .map(
            stages.Embedding,
            fn_constructor_args=(place,),
            compute=ActorPoolStrategy(min_size=1, max_size=gpus or cores),
            **share,
        )
    )
    for row in made.iter_rows():
        yield from stages.arrived(row)


@contextmanager
def _ray(address: str) -> Iterator[None]:
    """Ray for one run: quiet, with blocks of a batch that come back in order."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if (
        address == "local"
    ):  # Ray's own switch for staying on loopback, which it reads when it is imported
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray
        from ray.data import DataContext
        from ray.data.exceptions import UserCodeException
        from ray.exceptions import RayError
    except ImportError as error:
        raise AgentError(
            f"--ray needs Ray, which is not installed here ({error})",
            next_step="`make setup-ray`, or `pip install 'arxiv-rag-agent[ray]'`",
        ) from error
    context = DataContext.get_current()
    context.target_max_block_size = _BLOCK_BYTES
    context.execution_options.preserve_order = True
    context.enable_progress_bars = context.print_on_execution_start = False
    try:
        _join(address)
        yield
    except (RayError, UserCodeException, ConnectionError) as error:
        raise _explained(error) from error
    finally:
        ray.shutdown()


def _join(address: str) -> None:
    import logging

    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    try:
        ray.init(address, include_dashboard=False if address == "local" else None, **quiet)
    except Exception as error:  # Ray raises bare exceptions here
        raise AgentError(
            f"Ray at {address!r} does not start or answer: {str(error)[:200]}",
            kept="The library is untouched",
            next_step="Check the address, or try again when the machine is less busy",
        ) from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def _explained(error: BaseException) -> AgentError:
    """The worker's own error where it said one, else what Ray said."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AgentError):
            return cause
        cause = getattr(cause, "cause", None) or cause.__cause__
    return AgentError(
        f"The work on Ray failed: {str(error).strip().splitlines()[-1][:300]}",
        kept="What was written to the library before is kept",
        next_step="Run the same command again: it goes on from there",
    )
