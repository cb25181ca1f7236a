"""Which LoRA adapter a role's embedded model carries: what settings name, or what is shipped for these weights."""

from pathlib import Path

from ingestion.machine.user_path import user_path
from rag_agent.model.client import Role
from rag_agent.settings import Settings

NO_ADAPTER = "none"
SHIPPED = Path(__file__).with_name("shipped")
"""Folder of adapters that come with the program, `ROLE-MODEL.gguf`, each with a card that says what it was made of."""


def adapter_of(role: Role, settings: Settings, shipped: Path = SHIPPED) -> Path | None:
    """The GGUF file of a role's adapter; None for none, and for a model on a server of the user's.

    Args:
        role: Whose.
        settings: `reader.adapter` and `coder.adapter`: a file, `none`, or empty for what is shipped.
        shipped: Where those lie.
    """
    reader, coder = settings.reader, settings.coder
    own = coder if role == "coder" and (coder.base_url or coder.model) else reader
    named = reader.adapter if role == "reader" else coder.adapter
    if own.base_url or named == NO_ADAPTER:
        return None
    if named:
        return user_path(named).absolute()
    file = shipped / f"{role}-{own.model or reader.model}.gguf"
    return file if file.is_file() else None


def adapter_name(role: Role, settings: Settings) -> str:
    """What an answer says of a role's adapter: the file's name, or the model name on a server; empty for none."""
    file = adapter_of(role, settings)
    if file is not None:
        return file.stem
    on_server = role == "coder" and (settings.coder.base_url or settings.reader.base_url)
    return settings.coder.adapter if on_server and settings.coder.adapter != NO_ADAPTER else ""
