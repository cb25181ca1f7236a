"""A program's self-check: made of an example call, run with the program, and proven to have run.

An exit code of 0 alone proves nothing: asserts may be missing, never reached, or swallowed by an
`except`. So the program's syntax tree is counted in the sandbox before it is executed.
"""

import ast
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from rag_agent.code.proof.example import Call, Example, words_in
from rag_agent.code.proof.properties import property_lines
from rag_agent.code.source import USUAL_IMPORTS, imported_names, names_in
from rag_agent.sandbox import Run, Sandbox

_SEEDS = {
    "random": "random.seed(0)",
    "np": "np.random.seed(0)",
    "torch": "torch.manual_seed(0)",
}
_DRAWS = ("rand", "normal", "uniform", "dirichlet", "choice", "permutation", "sample")
_FINITE = {
    "np": "assert np.isfinite({0}).all(), '{0} is not finite'",
    "torch": "assert torch.isfinite(torch.as_tensor({0})).all(), '{0} is not finite'",
}


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """The asserts of a program's self-check.

    Assert statements, and calls such as `np.testing.assert_allclose`, that stand under
    `if __name__ == "__main__":`, at top level, or in functions named after a check or a test. Asserts
    on nothing but constants, or on a thing against itself, are not counted.

    Args:
        found: Statements in the program.
        reached: Statements that were executed.
        held: Statements that were executed and never failed.
    """

    found: int = 0
    reached: int = 0
    held: int = 0

    @property
    def passed(self) -> bool:
        """Whether something was checked and all that was checked held."""
        return 0 < self.reached == self.held

    def as_json(self) -> dict[str, int]:
        """The object under `self_check` of `code --json`."""
        return {"found": self.found, "reached": self.reached, "held": self.held}

    @classmethod
    def from_json(cls, stored: dict[str, int]) -> Self:
        """The self-check that `as_json` wrote."""
        return cls(**stored)


def self_check(example: Example, tree: ast.Module, request: str = "") -> str:
    """The `if __name__ == "__main__":` block that makes the inputs, calls the program and checks it.

    Asserted of each result: the form that the example foretells, and that its numbers are finite; of each
    random input that another draw changes the result, and where there is none, that some other number does; of
    a module that a gradient reaches all that it trains; and what the request promises of a single result.

    Args:
        example: From the coder.
        tree: The program.
        request: What was asked for; empty promises nothing.
    """
    used = names_in(tree) | {name for part in example.setup for name in names_in(part)}
    library = "torch" if used & {"torch", "nn", "F"} else "np" if used & {"np", "math"} else ""
    lines = [ast.unparse(part) for part in example.setup]
    for number, call in enumerate(example.calls, 1):
        mark = str(number) if number > 1 else ""
        lines += _call_lines(call, example, library, mark)
        if request and library and len(call.results) == 1 == len(example.calls):
            lines += _promised(request, call, example, tree)
        lines.append(f"print(result{mark})")
    called = re.compile(r"(?<![.\w])(random|np|torch)\.")
    random = [name for name in _SEEDS if name in used | set(called.findall("\n".join(lines)))]
    known = imported_names(tree)
    lacking = [USUAL_IMPORTS[name] for name in random if name not in known]
    lines = [*lacking, *(_SEEDS[name] for name in random), *lines]
    indented = [f"    {line}".rstrip() for text in lines for line in text.splitlines() or [""]]
    return "\n".join(["", "", 'if __name__ == "__main__":', *indented, ""])


def _call_lines(call: Call, example: Example, library: str, mark: str) -> Iterator[str]:
    run, result = f"run{mark}", f"result{mark}"
    value, inputs = call.statement.value, _inputs(call, example)
    draws = {n: text for n, text in inputs.items() if any(word in text for word in _DRAWS)}
    numbers = [name for name, text in inputs.items() if re.fullmatch(r"\d+\.\d+", text)]
    given = ", ".join(f"{name}={name}" for name in (draws or numbers))
    yield from ("", f"def {run}({given}):", f"    return {ast.unparse(value)}", "")
    bound = ast.unparse(call.statement.targets[0])
    yield f"{bound} = {result} = {run}()" if bound != result else f"{result} = {run}()"
    for name in call.results:
        forms = [form for form in example.forms if name in names_in(form)]
        yield from map(_with_message, forms)
        if not forms:
            yield f"assert {name} is not None"
        if library and (not forms or any(".shape" in ast.unparse(form) for form in forms)):
            yield _FINITE[library].format(name)
    shown = f"shown{mark}"
    if given:
        yield f"{shown} = repr({result})  # kept, as a call may change its inputs in place"
    for name, draw in draws.items():
        changed = f"{run}({name}={draw})"
        yield f"assert repr({changed}) != {shown}, 'another {name} gives the same result'"
    if not draws and numbers:
        changed = " or ".join(f"repr({run}({name}=2 * {name})) != {shown}" for name in numbers)
        yield f"assert {changed}, 'other numbers give the same result'"
    if call.module:
        yield from _gradient_lines(call.module, call.results[0])


def _promised(request: str, call: Call, example: Example, tree: ast.Module) -> Iterator[str]:
    """What the request's words promise of the only result of the only call."""
    value = call.statement.value
    given = (
        [a.id for a in value.args if isinstance(a, ast.Name)] if isinstance(value, ast.Call) else []
    )
    drawn = [
        name for name in given if any(w in _inputs(call, example).get(name, "") for w in _DRAWS)
    ]
    convolves = any("conv" in name.lower() for name in words_in(tree))
    return property_lines(request, "run", "result", drawn, call.module, convolves=convolves)


def _inputs(call: Call, example: Example) -> dict[str, str]:
    """What a call is given by name, as the setup writes it."""
    called = call.statement.value
    passed = names_in(called) - names_in(called.func) if isinstance(called, ast.Call) else set()
    return {
        part.targets[0].id: ast.unparse(part.value)
        for part in example.setup
        if isinstance(part, ast.Assign)
        and isinstance(part.targets[0], ast.Name)
        and part.targets[0].id in passed
    }


def _with_message(form: ast.Assert) -> str:
    """An assert on a form, with a message that tells the form found."""
    test = form.test
    if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)):
        return f"assert {ast.unparse(test)}"
    found, expected = ast.unparse(test.left), ast.unparse(test.comparators[0])
    if found.endswith(".shape"):
        return (
            f'assert {found} == {expected}, f"the shape is {{tuple({found})}}, not {{{expected}}}"'
        )
    if found.startswith("len("):
        return f'assert {found} == {expected}, f"the length is {{{found}}}, not {{{expected}}}"'
    return f"assert {ast.unparse(test)}"


def _gradient_lines(model: str, result: str) -> list[str]:
    return [
        f"trained = [n for n, p in {model}.named_parameters() if p.requires_grad]",
        "if trained:",
        f"    {result}.sum().backward()",
        f"    idle = [n for n, p in {model}.named_parameters() if n in trained and p.grad is None]",
        '    assert not idle, f"no gradient reaches {idle}"',
    ]


def run_checked(sandbox: Sandbox, program: str) -> tuple[Run, SelfCheck]:
    """Run a program with its asserts counted; its line numbers, output and exit code stay its own.

    Args:
        program: Python source whose syntax is right.

    Raises:
        SandboxUnavailable: The program was not run.
    """
    token = secrets.token_hex(8)  # so that no program prints the report by chance
    run = sandbox.run(_HARNESS.format(source=program, token=token))
    stderr, found, report = run.stderr.rpartition(f"\n{token} ")
    if not found:
        return run, SelfCheck()
    return replace(run, stderr=stderr), SelfCheck(*json.loads(report.partition("\n")[0]))


_HARNESS = """
def _run():
    import ast, atexit, builtins, collections, json, linecache, os, sys, traceback

    source, name = {source!r}, "program.py"
    tree = ast.parse(source, name)
    found, begun, held = [], collections.Counter(), collections.Counter()

    def says_nothing(test):
        compared = isinstance(test, ast.Compare) and len(test.comparators) == 1
        return not any(isinstance(node, ast.Name) for node in ast.walk(test)) or (
            compared and ast.dump(test.left) == ast.dump(test.comparators[0])
        )

    class Count(ast.NodeTransformer):
        inside = False

        def visit_FunctionDef(self, node):
            outside = self.inside
            named = any(word in node.name.lower() for word in ("check", "test", "main"))
            self.inside = outside or named
            node = self.generic_visit(node) if self.inside else node
            self.inside = outside
            return node

        visit_ClassDef = visit_AsyncFunctionDef = visit_FunctionDef

        def counted(self, node):
            number = len(found)
            found.append(node)
            calls = [ast.parse(f"__{{what}}__({{number}})").body[0] for what in ("begun", "held")]
            return [ast.copy_location(calls[0], node), node, ast.copy_location(calls[1], node)]

        def visit_Assert(self, node):
            return node if says_nothing(node.test) else self.counted(node)

        def visit_Expr(self, node):
            call = node.value
            if not isinstance(call, ast.Call):
                return node
            called = getattr(call.func, "attr", getattr(call.func, "id", ""))
            return self.counted(node) if called.startswith("assert") else node

    def report():
        sys.stdout.flush()
        fine = sum(begun[n] == held[n] for n in begun)
        print("\\n{token}", json.dumps([len(found), len(begun), fine]), file=sys.stderr, flush=True)

    def show_values(frame, line):
        for node in found:
            if node.lineno <= line <= node.end_lineno and isinstance(node, ast.Assert):
                for part in ast.walk(node.test):
                    if isinstance(part, (ast.Call, ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)):
                        text = ast.unparse(part)
                        try:
                            value = repr(eval(text, frame.f_globals, frame.f_locals))
                        except Exception:
                            continue
                        if not value.startswith("<"):
                            print(f"where {{text}} = {{value:.120}}", file=sys.stderr)

    builtins.__begun__ = lambda n: begun.update([n])
    builtins.__held__ = lambda n: held.update([n])
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)
    tree = ast.fix_missing_locations(Count().visit(tree))
    sys.argv, status = [name], 0
    try:
        exec(compile(tree, name, "exec"), sys.modules["__main__"].__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        traceback.print_exception(error.with_traceback(error.__traceback__.tb_next))
        if isinstance(error, AssertionError):
            *_, (frame, line) = traceback.walk_tb(error.__traceback__)
            show_values(frame, line)
        status = 1
    finally:
        report()
    sys.exit(status)


_run()
"""
