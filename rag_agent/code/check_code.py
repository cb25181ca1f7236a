"""An example call as the asserts that make up a program's self-check."""

import ast
import re
from collections.abc import Iterator

from rag_agent.code.example import Call, Example
from rag_agent.code.source import USUAL_IMPORTS, imported_names, names_in

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


def self_check(example: Example, tree: ast.Module) -> str:
    """The `if __name__ == "__main__":` block that makes the inputs, calls the program and checks it.

    Asserted of each result: the form that the example foretells, and that its numbers are finite; of each
    random input that another draw changes the result, and where there is none, that some other number does; of
    a module that a gradient reaches all that it trains.

    Args:
        example: From the coder.
        tree: The program.
    """
    used = names_in(tree) | {name for part in example.setup for name in names_in(part)}
    library = "torch" if used & {"torch", "nn", "F"} else "np" if used & {"np", "math"} else ""
    lines = [ast.unparse(part) for part in example.setup]
    for number, call in enumerate(example.calls, 1):
        lines += _call_lines(call, example, library, str(number) if number > 1 else "")
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
    yield f"print({result})"


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
