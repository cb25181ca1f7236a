"""Folders that only their user can enter."""

from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, with the user's rights only (0700).

    `Path.mkdir(parents=True, mode=…)` gives the mode to the last one alone.
    """
    if folder.is_dir():
        return
    make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
