"""Questions to pylatexenc's nodes: their arguments, their text, the captions among them."""

from collections.abc import Iterator, Sequence
from typing import Any

from ingestion.document.latex.commands import FLOATS
from ingestion.document.writing import Inline


def nodes_of(node: Any, place: int) -> Sequence[Any]:
    """The nodes of an argument; none where it is not given."""
    arguments = node.nodeargd.argnlist if node.nodeargd and node.nodeargd.argnlist else []
    found = arguments[place] if arguments and -len(arguments) <= place < len(arguments) else None
    return [] if found is None else getattr(found, "nodelist", None) or [found]


def argument_of(node: Any) -> str:
    return verbatim(nodes_of(node, -1)).strip("{} \n")


def verbatim(nodes: Sequence[Any] | None) -> str:
    return "".join(node.latex_verbatim() for node in nodes or () if node is not None)


def after(text: str, run: Inline) -> Inline:
    """A run of text behind a number or a name."""
    whole = Inline(text)
    whole.append(run)
    return whole


def is_caption(node: Any) -> bool:
    return getattr(node, "macroname", "") in ("caption", "captionof", "subcaption")


def is_environment(node: Any, names: frozenset[str]) -> bool:
    return getattr(node, "environmentname", "") in names


def captions_in(nodes: Sequence[Any]) -> list[Any]:
    """Captions in nodes, but not those of floats within."""
    return [node for node in all_of(nodes) if is_caption(node)]


def all_of(nodes: Sequence[Any] | None) -> Iterator[Any]:
    for node in nodes or ():
        if node is None:
            continue
        yield node
        if type(node).__name__ == "LatexMacroNode" and not is_caption(node):
            yield from all_of(
                [each for each in (node.nodeargd.argnlist if node.nodeargd else []) if each]
            )
        elif type(node).__name__ in (
            "LatexGroupNode",
            "LatexEnvironmentNode",
        ) and not is_environment(node, frozenset(FLOATS)):
            yield from all_of(node.nodelist)


def without_captions(nodes: Sequence[Any]) -> list[Any]:
    return [node for node in nodes if not is_caption(node)]


def parted(nodes: Sequence[Any], name: str) -> list[list[Any]]:
    """Nodes parted at a command."""
    parts: list[list[Any]] = [[]]
    for node in nodes:
        if getattr(node, "macroname", "") == name:
            parts.append([])
        else:
            parts[-1].append(node)
    return parts
