"""The owner of a Milvus Lite folder, found, started and stopped.

Milvus Lite lets one process open a folder. So the first process that needs the library starts its owner
(`ingestion.store.owner_process`) on a free port of 127.0.0.1, and every process, the first one included,
is a client. It ends by itself when idle.
"""

from pathlib import Path

from ingestion.errors import AgentError, StoreUnavailable
from ingestion.machine import loopback_service
from ingestion.machine.loopback_service import Service

_START_TIMEOUT_S = 60.0  # room for a library of some 100,000 papers on a slow disk
_IDLE_S = 900.0


def owner_of(folder: Path, *, idle_s: float = _IDLE_S) -> Service:
    """The running owner of `folder`, started if there is none.

    Raises:
        StoreUnavailable: The owner did not start; the message holds the last line of its log.
    """
    try:
        return loopback_service.ensure(
            folder / "owner.json",
            "ingestion.store.owner_process",
            [str(folder), str(idle_s)],
            _START_TIMEOUT_S,
        )
    except (AgentError, OSError) as error:
        raise StoreUnavailable(
            f"The library in {folder} could not be opened: {error}",
            kept="Nothing was changed",
            next_step=f"See {folder / 'owner.log'}; the disk may be full or the folder not yours",
        ) from error


def owner_runs(folder: Path) -> bool:
    """Whether somebody has opened `folder` now; looking starts nothing."""
    return loopback_service.find(folder / "owner.json") is not None


def stop_owner(folder: Path) -> None:
    """End the owner of `folder`, if one runs; its data is flushed and safe."""
    loopback_service.stop(folder / "owner.json")
