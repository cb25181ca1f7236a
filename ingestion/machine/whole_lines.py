"""Files of lines that are only added to: a line is there whole or not at all, also on a full disk."""

import os
from pathlib import Path


def append_line(file: Path, line: str) -> None:
    """Add a line, below what a killed process may have left of one; the file is made with mode 0600.

    Raises:
        OSError: The line could not be written; the file is as it was before.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        mends = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        rest = (b"\n" if mends else b"") + line.encode() + b"\n"
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
