r"""Papers as BibTeX entries: accents as they are (UTF-8), mathematics as typed, everything else escaped.

BibTeX counts braces without regard to backslashes, so every value is made to balance: `\{` in a formula
becomes `\lbrace`. Titles stand in double braces, because styles lower-case what does not: `$O(N)$`.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from ingestion.cleaning import MATHS, printable
from ingestion.paper import Paper

# What opens a title without saying what the paper is about.
_OPENING = frozenset(
    "a an the on in of for to and or with by from at as is are do does can how what why when via "
    "towards toward some".split()
)
_SUFFIX = re.compile(r"(?:jr|sr|junior|senior|ii|iii|iv)\.?", re.IGNORECASE)
_GROUP = re.compile(r"\b(?:collaborations?|consortium|team|group|and)\b", re.IGNORECASE)
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i"}
    | {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
)
_SPECIAL = {
    **{sign: rf"\{sign}" for sign in "&%#_$"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
}
_BRACES = {r"\{": r"\lbrace ", r"\}": r"\rbrace "}


def bibtex(*papers: Paper) -> str:
    """The papers as BibTeX entries with blank lines between them, each paper once, their keys unique.

    A key is the first author's family name, the year and the title's first telling word, in ASCII:
    `lewis2020retrieval`. Papers that share one are told apart by a letter, by their ids' order.
    """
    distinct = list({paper.arxiv_id: paper for paper in papers}.values())
    keys = _keys(distinct)
    return "\n\n".join(_entry(keys[paper.arxiv_id], paper) for paper in distinct)


def _entry(key: str, paper: Paper) -> str:
    title = _escaped(paper.title)
    fields = {
        "title": f"{{{title}}}" if title else "",
        "author": " and ".join(_author(name) for name in paper.authors if name.strip()),
        "journal": _escaped(paper.journal),
        "year": str(paper.year or ""),
        **(_on_arxiv(paper) if paper.url else {"doi": _escaped(paper.doi)}),
    }
    kind = "article" if paper.journal else "misc"
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _on_arxiv(paper: Paper) -> dict[str, str]:
    return {
        "eprint": paper.arxiv_id,
        "archivePrefix": "arXiv",
        "primaryClass": _escaped(paper.categories[0]) if paper.categories else "",
        # arXiv registers one for every paper (https://info.arxiv.org/help/doi.html).
        "doi": _escaped(paper.doi) or f"10.48550/arXiv.{paper.arxiv_id}",
        "url": paper.url,
    }


def _keys(papers: Sequence[Paper]) -> dict[str, str]:
    """A key for each paper's id."""
    plain = {paper.arxiv_id: _key(paper) for paper in papers}
    shared = Counter(plain.values())
    taken: Counter[str] = Counter()
    keys = {}
    for id_ in sorted(plain):
        key = plain[id_]
        keys[id_] = key + (_letters(taken[key]) if shared[key] > 1 else "")
        taken[key] += 1
    return keys


def _key(paper: Paper) -> str:
    first = next(iter(paper.authors), "")
    telling = [word for word in _words(first) if not _GROUP.fullmatch(word) and word != "the"]
    name = telling[0] if _GROUP.search(first) else "".join(_words(_family(first)))
    words = _words(MATHS.sub(" ", paper.title))
    word = next((word for word in words if word not in _OPENING), "")
    return f"{name or 'anonymous'}{paper.year or ''}{word or _words(paper.arxiv_id)[-1]}"


def _letters(number: int) -> str:
    """`a` to `z`, then `aa` and on."""
    before, last = divmod(number, 26)
    return (_letters(before - 1) if before else "") + chr(ord("a") + last)


def _words(text: str) -> list[str]:
    """Lower-case ASCII words; letters of scripts other than Latin are left out."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    bare = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’")
    return re.findall(r"[a-z0-9]+", bare)


def _family(name: str) -> str:
    if "," in name:
        return name.partition(",")[0]
    parts = [part for part in name.split() if not _SUFFIX.fullmatch(part)]
    return parts[-1] if parts else name


def _author(name: str) -> str:
    """One author as BibTeX splits names: a group in braces, a suffix between family and first names."""
    if name == "and others":
        return "others"
    escaped = _escaped(name)
    if _GROUP.search(name) or name.count(",") > 1 or name.lower() == "others":
        return f"{{{escaped}}}"
    *names, last = escaped.split() or [""]
    if len(names) > 1 and _SUFFIX.fullmatch(last) and "," not in name:
        return f"{names[-1]}, {last}, {' '.join(names[:-1])}"
    return escaped


def _escaped(text: str) -> str:
    """A value that balances and means in LaTeX what the text says; formulas stay as typed."""
    line, end = " ".join(printable(text).split()), 0
    parts = []
    for formula in MATHS.finditer(line):
        parts += [_prose(line[end : formula.start()]), _formula(formula[0])]
        end = formula.end()
    return "".join([*parts, _prose(line[end:])])


def _prose(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in text)


def _formula(typed: str) -> str:
    balanced = re.sub(r"\\[{}]", lambda brace: _BRACES[brace[0]], typed)
    if not _balances(balanced):
        return _prose(typed)
    bare = typed.startswith(("_", "^"))  # `W^{1,2}(X)`, typed without dollar signs
    signs = re.sub(r"(?<!\\)[%#]", r"\\\g<0>", balanced)
    return f"${signs}$" if bare else signs


def _balances(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0
