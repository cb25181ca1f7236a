"""An example call of a program, which a model chooses and from which `check_code` makes the self-check.

Left to itself the 1.5B model asserts what does not follow from the formulas (a positional encoding between
0 and 1, rows of attention that sum to 1), and a right program fails. So it only gives a value to each
parameter, and a shape and a range to each result. Shapes are written with names of sizes: with numbers
alone its arrays did not fit together.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from rag_agent.language_model import LanguageModel, Message

_CALLS = 2  # of a program with more, the last ones: what comes first is mostly a helper
_MAX_TOKENS = 300


@dataclass(frozen=True, slots=True)
class Target:
    """What a self-check calls: a function, an object of a class, or a method of one.

    Args:
        name: Of the function or class.
        called_with: Parameters of the function or method that have no default.
        made_with: Those of the class's constructor; None for a function.
        method: Empty for a function, and for an object that is itself called.
        is_module: Whether it is a `torch.nn.Module`.
        results: Number of values that it returns.
    """

    name: str
    called_with: tuple[str, ...]
    made_with: tuple[str, ...] | None = None
    method: str = ""
    is_module: bool = False
    results: int = 1


Range = Literal["any", "0 to 1", "-1 to 1", "0 or more", "sums to 1 over the last axis"]

NAME = "[A-Za-z_][A-Za-z0-9_]{0,19}"
_TERM = f"({NAME}|[0-9]{{1,3}})"
_TERMS = rf"{_TERM}( (\+|-|\*|//) {_TERM}){{0,3}}"
_LENGTH = rf"({_TERMS}|\({_TERMS}\) // {_TERM}( (\+|-) {_TERM})?)"
_SHAPE = rf"\({_LENGTH}(, {_LENGTH}){{0,4}}\)"
_KIND = f"(normal|uniform|zeros|ones|probabilities|integers below {_TERM})"
NUMBER = r"-?[0-9]{1,4}|[0-9]{1,2}\.[0-9]{1,6}|1e-[1-9]|True|False|None"
Size = Annotated[str, Field(pattern=rf"^{NAME} = [1-9][0-9]?$")]
Value = Annotated[str, Field(pattern=rf"^({_KIND} {_SHAPE}|{NUMBER}|{NAME})$")]


class Result(BaseModel):
    """What one returned value must be: its shape, as Python writes it, and its range."""

    shape: Annotated[str, Field(pattern=rf"^({_SHAPE}|\(\))$")]
    range: Range = "any"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a target: sizes (`batch = 2`), a value for each parameter, and the results."""

    target: Target
    sizes: tuple[str, ...]
    arguments: dict[str, str]
    results: tuple[Result, ...]


_SYSTEM = (
    "You choose an example call of a program: small sizes, a value for each parameter with its shape in "
    "these sizes, and the shape of each result. Sizes are chosen so that every operation fits: images are "
    "(batch, channels, height, width) with 16 or more pixels a side. A range other "
    "than any only where the code makes it certain for every input."
)
_EXAMPLES: tuple[Message, ...] = (
    (
        "user",
        "import numpy as np\n\n\ndef soften(logits, temperature):\n"
        '    """Class probabilities (batch, classes) of logits (batch, classes) at a temperature."""\n'
        "    z = logits / temperature\n    e = np.exp(z - z.max(axis=-1, keepdims=True))\n"
        "    return e / e.sum(axis=-1, keepdims=True)",
    ),
    (
        "assistant",
        '{"soften": {"sizes": ["batch = 3", "classes = 5"], '
        '"arguments": {"logits": "normal (batch, classes)", "temperature": "2.0"}, '
        '"results": [{"shape": "(batch, classes)", "range": "sums to 1 over the last axis"}]}}',
    ),
    (
        "user",
        "import math\n\n\ndef annealed(step, period):\n"
        "    return 0.5 * (1 + math.cos(math.pi * step / period))",
    ),
    (
        "assistant",
        '{"annealed": {"sizes": [], "arguments": {"step": "3", "period": "10"}, '
        '"results": [{"shape": "()", "range": "0 to 1"}]}}',
    ),
    (
        "user",
        "import torch\nfrom torch import nn\n\n\nclass Downsample(nn.Module):\n"
        "    def __init__(self, channels, factor):\n        super().__init__()\n"
        "        self.conv = nn.Conv1d(channels, 2 * channels, kernel_size=3)\n"
        "        self.pool = nn.MaxPool1d(factor)\n\n    def forward(self, x):\n"
        "        return self.pool(self.conv(x))",
    ),
    (
        "assistant",
        '{"Downsample": {"sizes": ["batch = 2", "length = 14"], '
        '"arguments": {"channels": "4", "factor": "2", "x": "normal (batch, channels, length)"}, '
        '"results": [{"shape": "(batch, 2 * channels, (length - 2) // factor)", "range": "any"}]}}',
    ),
)


def targets(tree: ast.Module) -> tuple[Target, ...]:
    """What a program offers to be called: definitions that none of its other definitions uses."""
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    used = {
        name.id
        for node in defined
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and name.id != node.name
    }
    offered = [node for node in defined if node.name not in used] or defined
    return tuple(map(_target, offered[-_CALLS:]))


def choose_calls(
    program: str,
    offered: Sequence[Target],
    coder: LanguageModel,
    failure: str = "",
) -> tuple[Call, ...]:
    """Ask the coder for an example call of each target.

    Args:
        program: Source text, without a self-check.
        offered: Its targets, at least one.
        coder: The model that chooses.
        failure: What became of an earlier example, so that it does not come again.

    Raises:
        InvalidReply: It chose nothing usable.
    """
    asked = program.strip() + (f"\n\nAn earlier example failed:\n{failure}" if failure else "")
    messages: list[Message] = [("system", _SYSTEM), *_EXAMPLES, ("user", asked)]
    reply = coder.structured(messages, _schema(offered), _MAX_TOKENS).model_dump(by_alias=True)
    return tuple(
        Call(
            target,
            tuple(reply[target.name]["sizes"]),
            reply[target.name]["arguments"],
            tuple(Result(**result) for result in reply[target.name]["results"]),
        )
        for target in offered
    )


def _schema(offered: Sequence[Target]) -> type[BaseModel]:
    """The reply that fits a program: all parameters of its targets, as many results as they return."""
    fields: dict[str, Any] = {}
    for target in offered:
        names = dict.fromkeys((*(target.made_with or ()), *target.called_with))
        given = {f"p{n}": (Value, Field(alias=name)) for n, name in enumerate(names)}
        count = target.results
        fields[f"t{len(fields)}"] = (
            create_model(
                f"Call_{target.name}",
                sizes=(Annotated[list[Size], Field(max_length=6)], ...),
                arguments=(create_model(f"Arguments_{target.name}", **given), ...),  # type: ignore[call-overload]
                results=(Annotated[list[Result], Field(min_length=count, max_length=count)], ...),
            ),
            Field(alias=target.name),
        )
    return create_model("Example", **fields)


def _target(node: ast.FunctionDef | ast.ClassDef) -> Target:
    if isinstance(node, ast.FunctionDef):
        return Target(node.name, _required(node), results=_results(node))
    methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    made = _required(methods["__init__"])[1:] if "__init__" in methods else ()
    public = [name for name in methods if not name.startswith("_")]
    name = next((n for n in ("forward", "__call__", *public) if n in methods), "__call__")
    called = methods.get(name)
    return Target(
        node.name,
        _required(called)[1:] if called else (),
        made,
        "" if name in ("forward", "__call__") else name,
        any(ast.unparse(base).endswith("Module") for base in node.bases),
        _results(called) if called else 1,
    )


def _required(function: ast.FunctionDef) -> tuple[str, ...]:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return tuple(names[: len(names) - len(function.args.defaults)])


def _results(function: ast.FunctionDef) -> int:
    last = function.body[-1]
    returned = last.value if isinstance(last, ast.Return) else None
    return len(returned.elts) if isinstance(returned, ast.Tuple) else 1
