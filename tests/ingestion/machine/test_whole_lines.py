"""A line is in a file whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from ingestion.machine.whole_lines import append_line


def test_lines_are_added_in_order_to_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    append_line(file, '{"a": "ä"}')
    append_line(file, "{}")
    assert file.read_text(encoding="utf-8") == '{"a": "ä"}\n{}\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_half_a_line_of_a_killed_process_stays_apart(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(b'{"half')
    append_line(file, "{}")
    assert file.read_bytes() == b'{"half\n{}\n'


def test_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "log.jsonl"
    append_line(file, "{}")
    pieces = iter([3])

    def full(descriptor: int, data: bytes) -> int:
        for size in pieces:
            return os.pwrite(descriptor, data[:size], 0)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        append_line(file, '{"long": "line"}')
    monkeypatch.undo()
    assert file.read_bytes() == b"{}\n"
