"""What the library holds, counted."""

from collections import Counter
from dataclasses import dataclass, field

from ingestion.store.collection import Store


@dataclass(frozen=True, slots=True)
class Census:
    """Papers by year (0: unknown), by first category (`none`: without one) and by origin."""

    years: Counter[int] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)

    @property
    def papers(self) -> int:
        """All papers."""
        return self.years.total()


def take_census(store: Store) -> Census:
    """Count the papers of a library; takes seconds for tens of thousands."""
    census = Census()
    for year, categories, origin in store.histogram():
        census.years[year] += 1
        census.categories[categories[0] if categories else "none"] += 1
        census.origins[origin] += 1
    return census
