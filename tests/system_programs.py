"""The programs of this machine, for the few tests that are about one: to all others PATH is empty."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

SYSTEM_PATH = os.environ.get("PATH", os.defpath)
"""PATH before `bare_path` of conftest.py emptied it."""


@contextmanager
def system_programs() -> Iterator[None]:
    """What is started in this block finds the system's programs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", SYSTEM_PATH)
        yield
