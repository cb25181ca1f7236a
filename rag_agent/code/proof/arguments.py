"""Which arguments a program takes and does nothing with, read from its syntax tree."""

import ast
from collections.abc import Iterator

from ingestion.terms import terms

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def ignored_arguments(tree: ast.Module) -> tuple[str, ...]:
    """Arguments that no line of their function reads, as `mask of attention`.

    What a class keeps in an attribute that none of its methods reads counts too. Names that begin with an
    underscore, and those of functions that only raise or pass, are ignored on purpose.
    """
    return tuple(dict.fromkeys(_ignored(tree)))


def asked_for(ignored: tuple[str, ...], request: str) -> tuple[str, ...]:
    """Those of the ignored arguments that a request names."""
    named = set(terms(request))
    return tuple(one for one in ignored if set(terms(_words(one.partition(" of ")[0]))) & named)


def line_of_argument(tree: ast.Module, thing: str, *, optional: bool) -> int | None:
    """The first line that reads an argument named after a thing, as `attn_mask` is after a mask; None where none does.

    Args:
        tree: The program.
        thing: What is passed, in words.
        optional: Whether only arguments with a default count.
    """
    wanted = set(terms(thing))
    functions = (node for node in ast.walk(tree) if isinstance(node, _Function))
    lines = [
        node.lineno
        for function in functions
        for name in (_with_default(function) if optional else _arguments(function))
        if wanted and wanted <= set(terms(_words(name)))
        for statement in function.body
        for node in _loads(statement)
        if node.id == name
    ]
    return min(lines, default=None)


def _with_default(function: _Function) -> list[str]:
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    last = positional[len(positional) - len(given.defaults) :]
    named = [
        one for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default
    ]
    return [one.arg for one in (*last, *named)]


def _ignored(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, _Function):
            yield from (f"{name} of {node.name}" for name in _unread(node))
        elif isinstance(node, ast.ClassDef):
            yield from _ignored_by_class(node)


def _ignored_by_class(node: ast.ClassDef) -> Iterator[str]:
    read = {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Load)
    }
    for method in node.body:
        if not isinstance(method, _Function):
            continue
        kept = _kept_only(method)
        for name in _arguments(method)[1:]:
            idle = name in kept and not kept[name] & read
            if name in _unread(method) or idle:
                yield f"{name} of {node.name}"


def _kept_only(method: _Function) -> dict[str, set[str]]:
    """The attributes of each argument that a method only keeps, as in `self.eps = eps`."""
    kept: dict[str, set[str]] = {}
    for part in ast.walk(method):
        if not (isinstance(part, ast.Assign) and isinstance(part.value, ast.Name)):
            continue
        attributes = {target.attr for target in part.targets if isinstance(target, ast.Attribute)}
        if attributes:
            kept.setdefault(part.value.id, set()).update(attributes)
    reads = _reads(method)
    return {name: found for name, found in kept.items() if reads.count(name) == 1}


def _unread(function: _Function) -> list[str]:
    body = [part for part in function.body if not isinstance(part, ast.Expr | ast.Pass | ast.Raise)]
    if not body:
        return []
    read = {name for statement in function.body for name in _reads(statement)}
    skipped = ("self", "cls")
    return [
        name
        for name in _arguments(function)
        if name not in read and name not in skipped and not name.startswith("_")
    ]


def _reads(part: ast.AST) -> list[str]:
    """Every name that a part of a program reads, as often as it does."""
    return [name.id for name in _loads(part)]


def _loads(part: ast.AST) -> list[ast.Name]:
    names = [node for node in ast.walk(part) if isinstance(node, ast.Name)]
    return [name for name in names if isinstance(name.ctx, ast.Load)]


def _arguments(function: _Function) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _words(name: str) -> str:
    return name.replace("_", " ")
