"""Citation keys such as `lewis2020retrieval`: names a person can read, and the same in every export.

A key that was once handed out, or came with an imported entry, is kept in `citation_keys.jsonl` of the
data folder: neither another paper in the file nor a corrected title changes it.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ingestion.bibliography.names import ascii_words, key_name
from ingestion.cleaning import without_maths
from ingestion.machine.private_folder import make_private
from ingestion.machine.whole_lines import append_line
from ingestion.paper import Paper

# What opens a title without saying what the paper is about.
_OPENING = frozenset(
    "a an the on in of for to and or with by from at as is are do does can how what why when via "
    "towards toward some".split()
)
_USABLE = re.compile(r"[^\s{},\"'#%~\\@=()]{1,80}")  # what BibTeX takes as a key

_log = logging.getLogger(__name__)


class CitationKeys:
    """The keys of a data folder. Looking writes nothing; several programs may hand out keys at once.

    Args:
        home: Data folder.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / "citation_keys.jsonl"

    def of(self, papers: Iterable[Paper]) -> dict[str, str]:
        """A key for each paper's id: the one it has, or the one that it would be given now."""
        return keys_of(papers, self._known())

    def keep(self, papers: Iterable[Paper]) -> dict[str, str]:
        """`of`, and from now on these papers have these keys."""
        known = self._known()
        keys = keys_of(papers, known)
        self._write({id_: key for id_, key in keys.items() if id_ not in known})
        return keys

    def adopt(self, given: Mapping[str, str]) -> None:
        """Take over the keys that papers (by id) came with; one that is taken or unusable is left out."""
        known = self._known()
        taken = set(known.values())
        for id_, key in given.items():
            if id_ not in known and key not in taken and _USABLE.fullmatch(key):
                self._write({id_: key})
                taken.add(key)

    def _known(self) -> dict[str, str]:
        """Keys by id. Of two papers that were given the same one, the first has it."""
        try:
            lines = self._file.read_bytes().splitlines()
        except FileNotFoundError:
            return {}
        known: dict[str, str] = {}
        for line in lines:
            try:
                row = json.loads(line)
                id_, key = str(row["id"]), str(row["key"])
            except (ValueError, KeyError, TypeError) as error:
                _log.warning("a line of %s cannot be read (%s)", self._file, error)
                continue
            if id_ not in known and key not in known.values():
                known[id_] = key
        return known

    def _write(self, keys: Mapping[str, str]) -> None:
        if keys:
            make_private(self._file.parent)
        for id_, key in keys.items():
            append_line(self._file, json.dumps({"id": id_, "key": key}, ensure_ascii=False))


def keys_of(papers: Iterable[Paper], known: Mapping[str, str] = {}) -> dict[str, str]:
    """A key for each paper's id, unique among them and among `known`.

    A key is the first author's family name, the year and the title's first telling word, in ASCII:
    `lewis2020retrieval`. Papers that share one are told apart by a letter, by their ids' order.

    Args:
        papers: In any order.
        known: Keys by id that are given already.
    """
    keys = {paper.arxiv_id: known.get(paper.arxiv_id, "") for paper in papers}
    plain = {p.arxiv_id: _key(p) for p in papers if not keys[p.arxiv_id]}
    shared, taken = Counter(plain.values()), set(known.values())
    for id_ in sorted(plain):
        key = plain[id_]
        options = (key + _letters(number) for number in range(len(plain) + len(taken)))
        free = (option for option in options if option not in taken)
        keys[id_] = next(free) if shared[key] > 1 or key in taken else key
        taken.add(keys[id_])
    return keys


def _key(paper: Paper) -> str:
    name = key_name(next(iter(paper.authors), ""))
    words = ascii_words(without_maths(paper.title))
    word = next((word for word in words if word not in _OPENING), "")
    return f"{name or 'anonymous'}{paper.year or ''}{word or ascii_words(paper.arxiv_id)[-1]}"


def _letters(number: int) -> str:
    """`a` to `z`, then `aa` and on."""
    before, last = divmod(number, 26)
    return (_letters(before - 1) if before else "") + chr(ord("a") + last)


def distinct(papers: Sequence[Paper]) -> list[Paper]:
    """Each paper once, in order."""
    return list({paper.arxiv_id: paper for paper in papers}.values())
