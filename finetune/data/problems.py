"""Problems with hidden tests, from the files in which they are published."""

import ast
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.errors import DataError

# Compares a candidate with the reference solution on given inputs, as EvalPlus does: equal, or near where the values
# are floats. Inputs that the reference itself refuses are outside of its contract.
_COMPARED = """
def _compare(source, name, inputs, atol, view):
    import copy, math
    space = {{"__name__": "reference"}}
    exec(source, space)
    reference, candidate = space[name], globals()[name]

    def same(got, wanted, atol):
        if isinstance(wanted, float) and isinstance(got, (int, float)):
            return got == wanted or abs(got - wanted) <= max(atol, 1e-6) + 1e-7 * abs(wanted)
        if isinstance(wanted, (list, tuple)) and isinstance(got, (list, tuple)) and len(got) == len(wanted):
            if got == wanted or type(got) is type(wanted) and all(map(same, got, wanted, [atol] * len(got))):
                return True
        return got == wanted

    for given in inputs:
        try:
            wanted = reference(*copy.deepcopy(given))
        except Exception:
            continue
        got = candidate(*copy.deepcopy(given))
        if name == "find_zero":
            assert abs(sum(c * got**i for i, c in enumerate(given[0]))) <= atol, given
        else:
            assert same(view(got), view(wanted), atol), (given, got, wanted)

_compare({source!r}, {name!r}, {inputs}, {atol!r}, {view})
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem.

    Args:
        id: As its file names it.
        prompt: A function's head with its docstring, or a docstring with one example.
        entry_point: Name of the function asked for.
        solution: The reference solution, a whole program.
        head: What stands above the function in the prompt: imports and helpers.
        base: Program text that fails if the solution before it is wrong.
        plus: Further such tests; empty where there are none.
    """

    id: str
    prompt: str
    entry_point: str
    solution: str
    head: str
    base: str
    plus: str = ""


def load_problems(path: str | Path) -> list[Problem]:
    """The problems of a .jsonl or .jsonl.gz file, in file order: HumanEval's, EvalPlus' or MBPP's form.

    Raises:
        DataError: The file is missing, or a line has none of the three forms.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
        return [problem_of(json.loads(line)) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError, KeyError, StopIteration, SyntaxError) as error:
        raise DataError(
            f"{path} is no file of problems: {error}",
            next_step="Give a HumanEval, EvalPlus or MBPP file, .jsonl or .jsonl.gz",
        ) from error


def problem_of(fields: Mapping[str, Any]) -> Problem:
    """One problem from the fields of its line.

    Raises:
        KeyError: A field is missing.
    """
    if "test_list" in fields:
        return _mbpp(fields)
    prompt, name = str(fields["prompt"]), str(fields["entry_point"])
    solution = str(fields["canonical_solution"])
    if f"def {name}" not in solution:
        solution = prompt + solution
    return Problem(
        id=str(fields["task_id"]),
        prompt=prompt,
        entry_point=name,
        solution=solution,
        head=prompt.partition(f"def {name}(")[0] if f"def {name}(" in prompt else "",
        base=_on_inputs(fields, "base_input", name, solution)
        if "base_input" in fields
        else f"{fields['test']}\n\ncheck({name})\n",
        plus=_on_inputs(fields, "plus_input", name, solution) if "plus_input" in fields else "",
    )


def _mbpp(fields: Mapping[str, Any]) -> Problem:
    """Plain MBPP, asked as EvalPlus asks it: the text and the first of its asserts as a docstring."""
    code = str(fields["code"]).replace("\r\n", "\n")
    tests = [str(test) for test in fields["test_list"]]
    defined = {
        node.name
        for node in ast.parse(code).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    return Problem(
        id=f"Mbpp/{fields['task_id']}",
        prompt=f'"""\n{fields["text"] if "text" in fields else fields["prompt"]}\n{tests[0]}\n"""\n',
        entry_point=next(name for name in _called(tests[0]) if name in defined),
        solution=code,
        head="",
        base="\n".join([str(fields.get("test_setup_code", "")), *tests]) + "\n",
    )


def _called(source: str) -> Iterator[str]:
    """Names of the functions that a text calls, outer ones first."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def _on_inputs(fields: Mapping[str, Any], key: str, name: str, solution: str) -> str:
    call, view = _asserted(str(fields.get("assertion", "")), name)
    inputs = fields[key] if isinstance(fields[key], list) else json.loads(fields[key])
    return _COMPARED.format(
        source=solution,
        name=name,
        inputs=_literal([_like(given, call) for given in inputs]),
        atol=float(fields.get("atol") or 0),
        view=view,
    )


def _asserted(assertion: str, name: str) -> tuple[list[Any], str]:
    """Arguments of the first call of the function that an assertion shows, and how its result is looked at.

    JSON has no tuples and sets, so the arguments' types are taken from there; and a test that says `set(f(x)) == …` or
    just `assert f(x)` asks for no more than that.
    """
    tree = ast.parse(assertion.strip() or "pass")
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    own = next((n for n in calls if isinstance(n.func, ast.Name) and n.func.id == name), None)
    if own is None:
        return [], "lambda value: value"
    wrapping = {n.func.id for n in calls if own in n.args and isinstance(n.func, ast.Name)}
    bare = any(isinstance(n, ast.Assert) and n.test is own for n in ast.walk(tree))
    try:
        shown = [ast.literal_eval(argument) for argument in own.args]
    except ValueError:
        shown = []
    view = (
        "set" if "set" in wrapping else "sorted" if "sorted" in wrapping else "bool" if bare else ""
    )
    return shown, view or "lambda value: value"


def _like(given: Any, shown: Any) -> Any:
    """A value of JSON with lists as tuples or sets where the shown value has those."""
    if isinstance(given, list) and isinstance(shown, list | tuple | set | frozenset) and shown:
        samples = list(shown)
        items = [_like(item, samples[min(n, len(samples) - 1)]) for n, item in enumerate(given)]
        return items if isinstance(shown, list) else type(shown)(items)
    if isinstance(given, dict) and isinstance(shown, dict) and shown:
        sample = next(iter(shown.values()))
        return {key: _like(item, sample) for key, item in given.items()}
    if isinstance(shown, complex) and isinstance(given, str):
        return complex(given)
    return given


def _literal(value: Any) -> str:
    """Python source of a value; the two words that are no literals are bound in front."""
    return f"(lambda inf, nan: {value!r})(float('inf'), float('nan'))"
