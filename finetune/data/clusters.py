"""Near-duplicates: rows that look alike are clustered, so that no cluster spans two splits."""

import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from finetune.data.rows import Row

_SHINGLE_WORDS = 3
_PERMUTATIONS = 64  # standard error of the estimated Jaccard at most 1/sqrt(64) / 2 = 0.06
_LEAK_DISTINCT = 6
_LEAK_WORDS = 10  # a shared run this long is a copy: GPT-3 used 13 words on prose, code is terser


def words(text: str) -> list[str]:
    """Lower-case words and numbers, in order."""
    return re.findall(r"\w+", text.lower())


def clusters(rows: Sequence[Row], similarity: float) -> list[list[int]]:
    """Groups of row numbers whose prompts or answers look alike, chains joined.

    Args:
        rows: The rows.
        similarity: Least estimated Jaccard similarity of word 3-grams, 0 to 1.

    Returns:
        Every row number once, clusters in the order of their first row.
    """
    parent = list(range(len(rows)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for texts in (
        [row.question for row in rows],
        [row.answer for row in rows],
    ):
        for left, right in _alike(texts, similarity):
            parent[root(right)] = root(left)
    groups: dict[int, list[int]] = {}
    for number in range(len(rows)):
        groups.setdefault(root(number), []).append(number)
    return list(groups.values())


def split_by_cluster(
    groups: Sequence[Sequence[int]], sizes: Sequence[int], seed: int
) -> list[list[int]]:
    """Deal whole clusters into parts of at most the given sizes, the rest into a last part.

    A cluster too large for what is left of a part goes to a later one.

    Args:
        groups: Row numbers, cluster by cluster.
        sizes: Rows wanted in each part but the last.
        seed: Of the shuffle.
    """
    order = list(groups)
    random.Random(seed).shuffle(order)
    parts: list[list[int]] = [[] for _ in range(len(sizes) + 1)]
    for group in order:
        room = (
            number for number, size in enumerate(sizes) if len(parts[number]) + len(group) <= size
        )
        parts[next(room, len(sizes))].extend(group)
    return parts


class LeakFilter:
    """Finds rows that share a run of ten words with a benchmark.

    Args:
        texts: The benchmark's prompts and solutions.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._runs = {run for text in texts for run in _telling_runs(text)}

    def leaks(self, row: Row) -> bool:
        """Whether the row's question or answer shares such a run."""
        texts = (*(message["content"] for message in row.prompt), row.answer)
        return any(run in self._runs for text in texts for run in _telling_runs(text))


def _alike(texts: Sequence[str], similarity: float) -> Iterator[tuple[int, int]]:
    from datasketch import MinHashLSH

    # Above 0.95 the index has no bands left; what it finds is measured below all the same.
    index = MinHashLSH(threshold=min(similarity, 0.95), num_perm=_PERMUTATIONS)
    hashes: list[Any] = []
    for number, text in enumerate(texts):
        hashes.append(_min_hash(text))
        if hashes[number] is None:
            continue
        for other in index.query(hashes[number]):
            if hashes[number].jaccard(hashes[other]) >= similarity:
                yield other, number
        index.insert(number, hashes[number])


def _min_hash(text: str) -> Any:
    """A MinHash, or None where the text is too short to resemble another by more than chance."""
    from datasketch import MinHash

    shingles = list(_runs(words(text), _SHINGLE_WORDS))
    if len(shingles) < _SHINGLE_WORDS:
        return None
    signature = MinHash(num_perm=_PERMUTATIONS)
    signature.update_batch([" ".join(shingle).encode() for shingle in shingles])
    return signature


def _telling_runs(text: str) -> Iterator[tuple[str, ...]]:
    """Runs of ten with at least six different words: counting from 1 to 10 is no copy."""
    for run in _runs(words(text), _LEAK_WORDS):
        if len({word for word in run if not word.isdigit()}) >= _LEAK_DISTINCT:
            yield run


def _runs(sequence: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    return zip(*(sequence[offset:] for offset in range(length)), strict=False)
