"""From files of instructions to batches of rendered rows."""

from finetune.data.prepare import prepare
from finetune.data.rows import Message, Row, read_rows

__all__ = ["Message", "Row", "prepare", "read_rows"]
