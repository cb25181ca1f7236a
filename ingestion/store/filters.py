"""Conditions on papers, and values as Milvus' filter language takes them: data, never syntax."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that every hit meets. Values are data, never query syntax.

    Args:
        category: arXiv category (`cs.CL`) or archive (`cs`); empty: any.
        author: Words of one author's name, in any order, case and accents ignored; empty: any.
        from_year: First year, inclusive; 0: any.
        to_year: Last year, inclusive; 0: any.
        only: Ids to choose among; empty: any.
        without: Ids left out.
    """

    category: str = ""
    author: str = ""
    from_year: int = 0
    to_year: int = 0
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def expression(self) -> str:
        """The Milvus filter expression, empty when nothing is asked for."""
        parts = []
        if self.category:
            parts.append(f"array_contains(categories, {_literal(self.category.lower())})")
        parts += [
            f"array_contains(author_terms, {_literal(word)})" for word in name_words(self.author)
        ]
        if self.author and not name_words(self.author):
            parts.append("year < 0")  # a name without a single letter or digit matches nobody
        if self.from_year:
            parts.append(f"year >= {int(self.from_year)}")
        if self.to_year:
            parts.append(f"year <= {int(self.to_year)}")
        if self.only:
            parts.append(among(self.only))
        if self.without:
            parts.append(f"not ({among(self.without)})")
        return " and ".join(parts)


ANY = Filters()
"""No condition: every paper."""


def name_words(name: str) -> list[str]:
    """The words of a person's name without case and accents, so that `Lanzendorfer` finds Lanzendörfer."""
    plain = unicodedata.normalize("NFKD", name)
    return re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)).casefold())


def among(ids: Sequence[str]) -> str:
    """The filter expression that these ids meet."""
    return f"arxiv_id in [{', '.join(map(_literal, ids))}]"


def _literal(value: str) -> str:
    """A string literal of Milvus' filter language.

    Lite and servers agree on two escapes only; no stored value holds a control character or half a
    surrogate pair, so these become blanks and question marks, which match nothing either.
    """
    plain = re.sub(r"[\x00-\x1f\x7f]", " ", value).encode(errors="replace").decode()
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
