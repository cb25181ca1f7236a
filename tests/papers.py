"""Invented papers for tests; their ids stand in months to come."""

from dataclasses import replace
from typing import Any

from ingestion.paper import Paper

SOURDOUGH = Paper(
    arxiv_id="2711.00001",
    title="Sourdough ripeness from the sound of its bubbles",
    abstract="A microphone in the lid of a jar hears the bubbles of a sourdough starter burst. "
    "The rate of bubble bursts peaks 5.2 hours after feeding at 24 degrees. "
    "This peak predicts the rise of the loaf better than the height of the dough.",
    authors=("Ada Example", "Börje Müller"),
    categories=("eess.AS", "cs.SD"),
    year=2027,
    month=11,
    version=2,
    keywords=("sourdough", "bubbles"),
)
LIGHTHOUSE = Paper(
    arxiv_id="2711.00002",
    title="Lighthouse lenses measured by phase retrieval",
    abstract="The prisms of old lighthouse lenses have chips that scatter light. "
    "We recover the surface of lighthouse lenses from three photographs by phase retrieval. "
    "The surface error of the lighthouse lens under test was 0.8 micrometres.",
    authors=("Cleo O'Example",),
    categories=("physics.optics",),
    year=2027,
    month=11,
    version=1,
)
PONDS = Paper(
    arxiv_id="2711.00003",
    title="Tide tables for garden ponds",
    abstract="Even a garden pond has tides. With a float we measure the lunar tide of a garden pond. "
    "The lunar tide of the pond is 31 nanometres.",
    authors=("Dara Example",),
    categories=("physics.geo-ph",),
    year=2026,
    month=11,
    version=1,
)
PAPERS = (SOURDOUGH, LIGHTHOUSE, PONDS)


def numbered(count: int, **changes: Any) -> list[Paper]:
    """Papers that differ in id and text."""
    return [
        replace(
            PONDS,
            arxiv_id=f"2712.{number:05}",
            title=f"Pond number {number}",
            abstract=f"The tide of pond number {number} is {number} nanometres.",
            **changes,
        )
        for number in range(1, count + 1)
    ]
