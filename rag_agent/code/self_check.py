"""Runs a program and proves that its self-check ran: which of its asserts were reached, which held.

An exit code of 0 alone proves nothing: asserts may be missing, never reached, or swallowed by an
`except`. So the program's syntax tree is counted in the sandbox before it is executed.
"""

import json
import secrets
from dataclasses import dataclass, replace

from rag_agent.sandbox import Run, Sandbox


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
