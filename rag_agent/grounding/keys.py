"""Numbers of the quotes of one answer."""

from rag_agent.citation import Citation
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.table_cells import cells_named


class Keys:
    """Numbers the quotes of one answer from 1; the same quote keeps its number."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, int | None, int], int] = {}

    def cite(self, evidence: Evidence, cosine: float, text: str = "") -> Citation:
        """The citation of a piece of evidence; `text`, what is said, tells which cells of a table's row carry it."""
        place = (evidence.paper.arxiv_id, evidence.page, evidence.start)
        return Citation(
            key=self._keys.setdefault(place, len(self._keys) + 1),
            paper=evidence.paper,
            page=evidence.page,
            quote=evidence.text,
            start=evidence.start,
            passage=evidence.passage,
            cosine=cosine,
            kind=evidence.kind,
            cells=cells_named(text, evidence.text) if evidence.is_row else (),
        )
