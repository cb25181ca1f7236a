"""An example call as Python: the inputs, the call, and the asserts that make up a program's self-check."""

import ast
import re
from collections.abc import Sequence

from rag_agent.example import NAME, NUMBER, Call, Range, Result
from rag_agent.program import USUAL_IMPORTS, imported_names

_SEED = {"np": "rng = np.random.default_rng(0)", "torch": "torch.manual_seed(0)"}
_AS_ARRAY = {"np": "np.array", "torch": "torch.as_tensor"}
_EQUAL = {"np": "np.array_equal", "torch": "torch.equal"}
_DRAWN = ("normal", "uniform", "integers", "probabilities")
_MADE = {
    "np": {
        "normal": "rng.normal(size={})",
        "uniform": "rng.random(size={})",
        "probabilities": "rng.dirichlet(np.ones({2}), size={1})",
        "integers": "rng.integers({3}, size={0})",
        "zeros": "np.zeros({})",
        "ones": "np.ones({})",
    },
    "torch": {
        "normal": "torch.randn({})",
        "uniform": "torch.rand({})",
        "probabilities": "torch.rand({}).softmax(-1)",
        "integers": "torch.randint({3}, {0})",
        "zeros": "torch.zeros({})",
        "ones": "torch.ones({})",
    },
}
_ASSERTED: dict[Range, tuple[str, str]] = {
    "0 to 1": ("(({0} >= 0) & ({0} <= 1)).all()", "is not between 0 and 1"),
    "-1 to 1": ("(({0} >= -1) & ({0} <= 1)).all()", "is not between -1 and 1"),
    "0 or more": ("({0} >= 0).all()", "is negative"),
    "sums to 1 over the last axis": ("(abs({0}.sum(-1) - 1) < 1e-4).all()", "does not sum to 1"),
}


def self_check(calls: Sequence[Call], tree: ast.Module) -> str:
    """The `if __name__ == "__main__":` block that makes the inputs, calls the program and checks it.

    Asserted of each result: its shape, that its numbers are finite and in their range; of each random
    input that another draw changes the result; of a module that a gradient reaches all that it trains.
    """
    torch = bool(_loaded(tree) & {"torch", "nn", "F"})
    library = "torch" if torch else "np"
    lines = [] if library in imported_names(tree) else [USUAL_IMPORTS[library]]
    lines.append(_SEED[library])
    for number, call in enumerate(calls, 1):
        lines += _call_lines(call, library, str(number) if len(calls) > 1 else "")
    return "\n".join(
        ["", "", 'if __name__ == "__main__":', *(f"    {line}".rstrip() for line in lines), ""]
    )


def _call_lines(call: Call, library: str, mark: str) -> list[str]:
    target, result, run = call.target, f"result{mark}", f"run{mark}"
    values = {name: _made(value, library) for name, value in call.arguments.items()}
    lines, called = _size_lines(call), target.name
    if target.made_with is not None:
        given = ", ".join(_given(name, values[name], call) for name in target.made_with)
        called = f"model{mark}"
        lines.append(f"{called} = {target.name}({given})")
    called += f".{target.method}" if target.method else ""
    lines += _run_lines(run, called, call, values, library)
    lines.append(f"{result} = {run}()")
    several = target.results > 1
    for n, expected in enumerate(call.results):
        lines += _result_lines(f"{result}[{n}]" if several else result, expected, library)
    same = "all(map({}, {}, {}))" if several else "{}({}, {})"
    for name in target.called_with:
        if call.arguments[name].startswith(_DRAWN):
            test = same.format(_EQUAL[library], f"{run}({name}={values[name]})", result)
            lines.append(f'assert not {test}, "another {name} gives the same result"')
    if target.is_module:
        lines += _gradient_lines(f"model{mark}", f"{result}[0]" if several else result)
    return [*lines, f"print({result})"]


def _run_lines(
    run: str, called: str, call: Call, values: dict[str, str], library: str
) -> list[str]:
    """A function that calls the target on the example's inputs, or on others."""
    target = call.target
    given = ", ".join(_given(name, values[name], call) for name in target.called_with)
    returned = f"{called}({', '.join(target.called_with)})"
    array = _AS_ARRAY[library]
    value = f"[{array}(a) for a in {returned}]" if target.results > 1 else f"{array}({returned})"
    return ["", f"def {run}({given}):", f"    return {value}", ""]


def _result_lines(result: str, expected: Result, library: str) -> list[str]:
    shape = _tuple(expected.shape)
    lines = [
        f'assert {result}.shape == {shape}, f"the shape is {{tuple({result}.shape)}}, not {{{shape}}}"',
        f'assert {library}.isfinite({result}).all(), "the result is not finite"',
    ]
    if expected.range != "any":
        test, otherwise = _ASSERTED[expected.range]
        lines.append(f'assert {test.format(result)}, "the result {otherwise}"')
    return lines


def _gradient_lines(model: str, result: str) -> list[str]:
    return [
        f"trained = [n for n, p in {model}.named_parameters() if p.requires_grad]",
        "if trained:",
        f"    {result}.sum().backward()",
        f"    idle = [n for n, p in {model}.named_parameters() if n in trained and p.grad is None]",
        '    assert not idle, f"no gradient reaches {idle}"',
    ]


def _size_lines(call: Call) -> list[str]:
    """Every name that a shape uses gets a number: the model's, else one that no other size has."""
    named = dict(size.split(" = ") for size in call.sizes)
    numbers = {n: v for n, v in call.arguments.items() if re.fullmatch(NUMBER, v)}
    shapes = [v for v in call.arguments.values() if v not in numbers.values()]
    shapes += [result.shape for result in call.results]
    text = re.sub("(normal|uniform|zeros|ones|probabilities|integers below) ", "", " ".join(shapes))
    known = {**named, **numbers}
    spare = (str(n) for n in range(3, 99) if str(n) not in known.values())
    return [
        f"{name} = {known[name] if name in known else next(spare)}"
        for name in dict.fromkeys(re.findall(NAME, text))
    ]


def _given(name: str, value: str, call: Call) -> str:
    """A keyword argument; a number that shapes use too is one variable."""
    return f"{name}={name}" if f"{name} = {value}" in _size_lines(call) else f"{name}={value}"


def _made(value: str, library: str) -> str:
    """The Python expression of a value such as `normal (2, size)`."""
    kind = value.partition(" ")[0]
    if "(" not in value:
        return value
    shape = value[value.index("(") :]
    lengths = shape[1:-1].split(", ")
    below = re.findall(r"below (\w+)", value)
    rows = _tuple(f"({', '.join(lengths[:-1])})")
    return _MADE[library][kind].format(_tuple(shape), rows, lengths[-1], *below)


def _tuple(shape: str) -> str:
    return f"{shape[:-1]},)" if shape != "()" and "," not in shape else shape


def _loaded(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
