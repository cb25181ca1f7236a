"""Which index a library of some size fits, by memory: what each takes, what it finds, and who says so."""

from dataclasses import dataclass
from typing import Literal

IndexName = Literal["FLAT", "HNSW", "IVF_RABITQ", "DISKANN"]

MEASURED_FLAT_PAPERS = 300_000
"""Largest library of which exact search was measured to stay quick for several people: a p50 of 26 ms alone and 145 ms
with eight at once; 85 and 368 ms at 1,000,000 (bench/results/growth.json, 29 November 2026)."""

FREE_SHARE = 0.2
"""Share of memory left to queries, growing segments and the system. An assumption, not measured."""

LITE_BYTES_A_PAPER = 5_100
"""Memory of the local library's owner, texts, keyword index and vectors of 384 numbers together: (5,572 - 520) MB
between 10,000 and 1,000,000 papers (bench/results/growth.json)."""

_FLOAT, _LINK = 4, 4  # bytes
_HNSW_LINKS = 32  # M of `ingestion.store.schema`
_VAMANA_LINKS = 56  # MaxDegree, Milvus's default (https://milvus.io/docs/disk_index.md)
_PQ_SHARE = 0.125  # PQCodeBudgetGBRatio, and as much again for its cache; Milvus's defaults (ibid.)


@dataclass(frozen=True, slots=True)
class Choice:
    """One index for a library of one size.

    Args:
        index: Its name in Milvus.
        memory_gb: Memory that its vectors and links take, 10^9 bytes.
        disk_gb: Disk of the same, without the papers' texts.
        recall: Share of the true ten nearest found, with `recall_source`; None: nobody measured it on such vectors.
        recall_source: Who measured it, on what.
        size_source: Where the arithmetic of memory and disk comes from.
        fits: Whether it leaves `FREE_SHARE` of the memory.
    """

    index: IndexName
    memory_gb: float
    disk_gb: float
    recall: float | None
    recall_source: str
    size_source: str
    fits: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """All choices, and the one to take.

    Args:
        papers: Number of papers.
        memory_gb: Memory at hand.
        choices: FLAT, HNSW, IVF_RABITQ, DISKANN.
        index: The one to take; None: none fits.
        reason: Why, in a sentence.
        local_gb: Memory that the local library (Milvus Lite) takes at this size, by `LITE_BYTES_A_PAPER`.
    """

    papers: int
    memory_gb: float
    choices: tuple[Choice, ...]
    index: IndexName | None
    reason: str
    local_gb: float


def plan(papers: int, memory_gb: float, dim: int = 384) -> Plan:
    """What index to take for vectors of `dim` float32 numbers, one a paper.

    Exact search where it was measured to be quick, else the index that finds most of those that fit.

    Args:
        papers: 1 or more.
        memory_gb: Memory for the index, 10^9 bytes, more than 0.
        dim: Length of a vector, 1 or more.

    Raises:
        ValueError: A number is out of its range.
    """
    if papers < 1 or memory_gb <= 0 or dim < 1:
        raise ValueError("papers and dim are 1 or more, memory is more than 0")
    choices = _choices(papers, memory_gb, dim)
    flat, *others = choices
    local_gb = papers * LITE_BYTES_A_PAPER / 1e9
    if flat.fits and papers <= MEASURED_FLAT_PAPERS:
        reason = f"exact, and quick up to {MEASURED_FLAT_PAPERS:,} papers as measured here"
        return Plan(papers, memory_gb, choices, "FLAT", reason, local_gb)
    fitting = [choice for choice in others if choice.fits]
    if not fitting:
        reason = "nothing fits: more memory, several query nodes, or shorter vectors"
        return Plan(papers, memory_gb, choices, None, reason, local_gb)
    best = fitting[0]
    reason = f"the first of HNSW, IVF_RABITQ and DISKANN that leaves {FREE_SHARE:.0%} of {memory_gb:g} GB"
    return Plan(papers, memory_gb, choices, best.index, reason, local_gb)


def _choices(papers: int, memory_gb: float, dim: int) -> tuple[Choice, ...]:
    vector = _FLOAT * dim
    hnsw = vector + _HNSW_LINKS * 2 * _LINK
    rabitq = dim / 8 + dim  # a bit a number, and SQ8, which rescores: a byte a number
    pq = 2 * _PQ_SHARE * vector
    vamana = vector + _VAMANA_LINKS * _LINK

    def choice(
        index: IndexName, memory: float, disk: float, recall: float | None, found: str, size: str
    ) -> Choice:
        gb = papers * memory / 1e9
        fits = gb <= memory_gb * (1 - FREE_SHARE)
        return Choice(index, gb, papers * disk / 1e9, recall, found, size, fits)

    return (
        choice("FLAT", vector, vector, 1.0, "exact by definition", "4 bytes a number"),
        choice(
            "HNSW",
            hnsw,
            hnsw,
            0.983,
            "of the ten nearest among 100,000, 0.990 among 1,000,000, with ef 128 as the store asks (bench-growth)",
            "4 d + 8 M bytes, M = 32 (Faiss wiki, Guidelines to choose an index)",
        ),
        choice(
            "IVF_RABITQ",
            rabitq,
            vector + rabitq,
            0.947,
            "the maker's figure on 768-dimensional vectors (IVF_FLAT there 0.952); not measured here",
            "d / 8 + d bytes: a bit a number and SQ8 (https://milvus.io/docs/ivf-rabitq.md)",
        ),
        choice(
            "DISKANN",
            pq,
            vamana,
            0.95,
            "1-recall@1 on a billion SIFT vectors, from an SSD (Subramanya et al. 2019); not measured here",
            "a quarter of the vectors in memory; disk 4 d + 4 × 56 bytes (https://milvus.io/docs/disk_index.md)",
        ),
    )
