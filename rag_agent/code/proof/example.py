"""An example call of a program, as the coder writes it, and what of it can be trusted.

The call and the shapes of its results are taken. What the 1.5B model asserts of values does not follow from
the formulas (a positional encoding between 0 and 1, rows of attention that sum to 1), and a right program
fails: such asserts are left out.
"""

import ast
import builtins
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingestion.errors import InvalidReply
from rag_agent.code.reply import written
from rag_agent.code.source import USUAL_IMPORTS, names_in, parsed, stored_in
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.coder import CoderPrompts

_CALLS = 2  # of a program with more, the last ones: what comes first is mostly a helper
_MAX_TOKENS = 300
_NO_SETUP = (ast.Import, ast.ImportFrom, ast.Expr)
_ALWAYS_BOUND = frozenset((*dir(builtins), *USUAL_IMPORTS))
_ABOUT_FORM = {"shape", "size", "len", "ndim", "isinstance", "dim"}


@dataclass(frozen=True, slots=True)
class Target:
    """A function or class that a self-check can call.

    Args:
        name: Of the function or class.
        is_class: Whether it is a class.
        is_module: Whether it is a `torch.nn.Module`.
        optional: Place and name of each parameter whose default is None, by what is called: empty for the
            function or the object itself, else the method.
    """

    name: str
    is_class: bool = False
    is_module: bool = False
    optional: dict[str, dict[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One statement that calls a target and binds its results.

    Args:
        statement: Such as `out, weights = attention(q, k, v)`.
        module: Name of the `torch.nn.Module` that is called; empty for any other target.
    """

    statement: ast.Assign
    module: str = ""

    @property
    def results(self) -> tuple[str, ...]:
        """The names that it binds."""
        [bound] = self.statement.targets
        return _names(bound)


@dataclass(frozen=True, slots=True)
class Example:
    """What a program is called with, and the form that its results must have.

    Args:
        setup: Statements before the last call: sizes, inputs, objects.
        calls: Of the targets, at least one.
        forms: Asserts on shapes, lengths and types.
    """

    setup: tuple[ast.stmt, ...]
    calls: tuple[Call, ...]
    forms: tuple[ast.Assert, ...]

    def as_line(self) -> str:
        """The example without its asserts, on one line."""
        parts = (*self.setup, *(call.statement for call in self.calls))
        return "; ".join(" ".join(ast.unparse(part).split()) for part in parts)


def targets(tree: ast.Module) -> tuple[Target, ...]:
    """What a program offers to be called: definitions that none of its other definitions uses."""
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    used = {name for node in defined for name in names_in(node) - {node.name}}
    offered = [node for node in defined if node.name not in used] or defined
    return tuple(map(_target, offered[-_CALLS:]))


def write_example(
    program: str, offered: Sequence[Target], coder: LanguageModel, prompts: CoderPrompts
) -> Example:
    """Have the coder write an example of a program.

    An example that fails is not replaced by another: told what went wrong, the 1.5B model repeats the program, and
    of 11 examples that failed no other sample held (bench/LOG.md). The program is written anew instead.

    Args:
        program: Source text, without a self-check.
        offered: Its targets, at least one.
        coder: The model that writes.
        prompts: In force.

    Raises:
        InvalidReply: What it wrote is not Python or calls no target.
    """
    reply = written(coder, prompts.example(program), max_tokens=_MAX_TOKENS)
    return read_example(reply, offered)


def read_example(text: str, offered: Sequence[Target]) -> Example:
    """The example that a text holds, without imports, prints and asserts on values.

    Raises:
        InvalidReply: It is not Python, or calls no target.
    """
    tree = parsed(text)
    known = {target.name: target for target in offered}
    objects: dict[str, str] = {}  # name of an object: name of its class
    setup: list[ast.stmt] = []
    calls: list[Call] = []
    forms: list[ast.Assert] = []
    for statement in _statements(tree):
        root = _root(statement.value) if isinstance(statement, ast.Assign) else ""
        made = objects.get(root, root)
        if isinstance(statement, ast.Assert):
            forms += [statement] if words_in(statement.test) & _ABOUT_FORM else []
        elif made in known and isinstance(statement, ast.Assign):
            names = _names(statement.targets[0])
            if known[made].is_class and _is_made(statement.value, made):
                objects.update(dict.fromkeys(names, made))
                setup.append(statement)
            elif names:
                _leave_out_optional(statement.value, known[made])
                module = root if root in objects and known[made].is_module else ""
                calls.append(Call(statement, module))
        elif not isinstance(statement, _NO_SETUP) and getattr(statement, "name", "") not in known:
            setup.append(statement)
    if not calls:
        raise InvalidReply("The model's example calls nothing of the program")
    forms = _with_names_of(forms, [*setup, *(call.statement for call in calls)], known)
    used = {word for call in calls for word in words_in(call.statement.value)}
    used |= {word for form in forms for word in words_in(form.test)}
    return Example(_needed(setup, used), tuple(calls), tuple(forms))


def _with_names_of(
    forms: Sequence[ast.Assert], before: Sequence[ast.stmt], known: Iterable[str]
) -> list[ast.Assert]:
    """The asserts that use no name which nothing has bound, such as a size that stands in the program alone."""
    bound = {name for part in before for name in names_in(part)}.union(known, _ALWAYS_BOUND)
    return [form for form in forms if names_in(form.test) - stored_in(form) <= bound]


def _needed(setup: Sequence[ast.stmt], used: set[str]) -> tuple[ast.stmt, ...]:
    """The statements without those that bind only names that nothing uses, such as a mask left out."""
    kept: list[ast.stmt] = []
    for statement in reversed(setup):
        names = _names(statement.targets[0]) if isinstance(statement, ast.Assign) else ()
        if not names or used.intersection(names):
            kept.append(statement)
            used |= words_in(statement)
    return tuple(reversed(kept))


def _statements(tree: ast.Module | None) -> list[ast.stmt]:
    """Those at top level; what stands under `if __name__ == "__main__":` is at top level too."""
    found: list[ast.stmt] = []
    for statement in tree.body if tree else ():
        guarded = isinstance(statement, ast.If) and "__name__" in words_in(statement.test)
        found += statement.body if guarded else [statement]  # type: ignore[attr-defined]
    return found


def _root(expression: ast.expr) -> str:
    """The name that a call begins with: `model` of `model.encode(x)`; empty for what is no call."""
    if not isinstance(expression, ast.Call):
        return ""
    inner: ast.expr = expression.func
    while isinstance(inner, ast.Attribute | ast.Call):
        inner = inner.value if isinstance(inner, ast.Attribute) else inner.func
    return inner.id if isinstance(inner, ast.Name) else ""


def _is_made(call: ast.expr, name: str) -> bool:
    """Whether a call makes an object of a class, and does no more."""
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name


def _names(bound: ast.expr) -> tuple[str, ...]:
    """The names that an assignment binds; none where it binds anything else."""
    parts = bound.elts if isinstance(bound, ast.Tuple | ast.List) else [bound]
    return tuple(part.id for part in parts if isinstance(part, ast.Name))


def words_in(part: ast.AST) -> set[str]:
    """The names and attributes in a part of a program."""
    attributes = {node.attr for node in ast.walk(part) if isinstance(node, ast.Attribute)}
    return names_in(part) | attributes


def _target(node: ast.FunctionDef | ast.ClassDef) -> Target:
    if isinstance(node, ast.FunctionDef):
        return Target(node.name, optional={"": _none_by_default(node)})
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    optional = {_called_as(part.name): _none_by_default(part, own=1) for part in methods}
    is_module = any(ast.unparse(base).endswith("Module") for base in node.bases)
    return Target(node.name, True, is_module, optional)


def _called_as(method: str) -> str:
    return "" if method in ("forward", "__call__") else method


def _none_by_default(function: ast.FunctionDef, own: int = 0) -> dict[int, str]:
    """Place and name of each parameter that may be left out, such as a mask; `own` ones come before."""
    named = [*function.args.posonlyargs, *function.args.args]
    first = len(named) - len(function.args.defaults)
    return {
        first + n - own: named[first + n].arg
        for n, default in enumerate(function.args.defaults)
        if isinstance(default, ast.Constant) and default.value is None
    }


def _leave_out_optional(call: ast.expr, target: Target) -> None:
    """Take from a call what the program can do without: the model seldom makes a mask that fits."""
    if not isinstance(call, ast.Call):
        return
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    optional = target.optional.get(_called_as(method), {})
    if optional:
        call.args = call.args[: min(optional)]
        call.keywords = [k for k in call.keywords if k.arg not in optional.values()]
