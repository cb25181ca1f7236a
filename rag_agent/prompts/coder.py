"""Every prompt of the way from a question to a program: named templates with their few-shot examples.

A template can be replaced by name from the settings, as those of `rag_agent.prompts.reader`.
"""

from collections.abc import Mapping, Sequence

from rag_agent.model.client import Message

# No worked example: the 1.5B model copied an example's lines into every program. No self-check either:
# what it asserted did not follow from the formulas (see rag_agent/code/proof/example.py).
_PROGRAM = (
    "You show an idea of a paper as one short Python function, the way well-known implementations write "
    "it: in NumPy, or as a torch.nn.Module where PyTorch is asked for or a layer has weights of its own. "
    "Arguments are numbers and arrays, the weights of a function among them; a docstring of one line "
    "gives their shapes and the result's. Read sizes from .shape; the root of a size is size ** 0.5, the "
    "logarithm of a number math.log. No files, no example, no test, no printing. Formulas come from the "
    "paper's PDF, some garbled, and not all belong here: what is requested counts. "
    "Reply with one ```python block and nothing else."
)
_PROGRAM_OTHER = (
    "You write one short, self-contained {language} program that shows an idea of a paper. No files, no "
    "network, small sizes. End with a main function that checks shapes and properties of the result. "
    "Reply with one code block and nothing else."
)
# Asked for the program alone, the 1.5B model repeated it with its error, 42 of 46 times on HumanEval: hence the
# cause first; in the block, since after a sentence it often wrote no code at all.
_REPAIR = (
    "It goes wrong:\n{problem}\nReply with one ```python block: first one short comment line that says what "
    "is wrong in your code, then the whole corrected code."
)
_MISSED = (
    "The program runs. It does not yet meet:\n{missed}\n"
    "Add that and keep the rest. Reply with the whole code in one block."
)

_EXAMPLE = (
    "You write a usage example of a Python program: small inputs that fit it, one call, and an assert on the "
    "shape, or the length, of each result. All sizes are even. Images are (batch, channels, height, width) "
    "with 16 or more pixels a side. Weights, tables and states that it takes are inputs too. Leave out "
    "arguments that have a default. Reply with one ```python block, without the program."
)
_EXAMPLES: tuple[Message, ...] = (
    (
        "user",
        "```python\nimport numpy as np\n\n\ndef soften(logits, bias, temperature=1.0):\n"
        '    """Class probabilities (batch, classes) of logits (batch, classes) and a bias (classes,)."""\n'
        "    z = (logits + bias) / temperature\n    e = np.exp(z - z.max(axis=-1, keepdims=True))\n"
        "    return e / e.sum(axis=-1, keepdims=True)\n```",
    ),
    (
        "assistant",
        "```python\nbatch, classes = 4, 6\nlogits = np.random.randn(batch, classes)\n"
        "bias = np.random.randn(classes)\nresult = soften(logits, bias)\n"
        "assert result.shape == (batch, classes)\n```",
    ),
    (
        "user",
        "```python\nimport torch\nfrom torch import nn\n\n\nclass Downsample(nn.Module):\n"
        "    def __init__(self, channels, factor):\n        super().__init__()\n"
        "        self.conv = nn.Conv1d(channels, 2 * channels, kernel_size=3)\n"
        "        self.pool = nn.MaxPool1d(factor)\n\n    def forward(self, x):\n"
        "        return self.pool(self.conv(x))\n```",
    ),
    (
        "assistant",
        "```python\nbatch, channels, length, factor = 2, 4, 16, 2\nx = torch.randn(batch, channels, length)\n"
        "model = Downsample(channels, factor)\nresult = model(x)\n"
        "assert result.shape == (batch, 2 * channels, (length - 2) // factor)\n```",
    ),
    (
        "user",
        "```python\ndef split(words, share):\n    cut = int(len(words) * share)\n"
        "    return words[:cut], words[cut:]\n```",
    ),
    (
        "assistant",
        "```python\nwords = ['the', 'cat', 'sat', 'there']\nshare = 0.5\nhead, tail = split(words, share)\n"
        "assert len(head) == 2\nassert len(tail) == 2\n```",
    ),
)

_REVIEW = (
    "You check a program against its requirements. For each requirement name the first and the last line "
    "of the code that does it, and say whether it is met. Where no line does it: lines 0, met false."
)
_REVIEW_EXAMPLES: tuple[Message, ...] = (
    (
        "user",
        "Program:\n1: import numpy as np\n2: \n3: def scale(x, gamma):\n"
        "4:     x = x - x.mean(axis=0)\n5:     return gamma * x\n\n"
        "Requirements:\n1. subtract the mean of each feature\n2. divide by the standard deviation",
    ),
    (
        "assistant",
        '{"checks": [{"requirement": 1, "first_line": 4, "last_line": 4, "met": true}, '
        '{"requirement": 2, "first_line": 0, "last_line": 0, "met": false}]}',
    ),
)

_SECOND_PROGRAM = (
    "You complete one short Python definition the way well-known implementations write it, keeping its name, "
    "its arguments and what it returns. Reply with one ```python block and nothing else."
)

DEFAULTS: Mapping[str, str] = {
    "code_program": _PROGRAM,
    "code_program_other": _PROGRAM_OTHER,
    "code_repair": _REPAIR,
    "code_missed": _MISSED,
    "code_example": _EXAMPLE,
    "code_review": _REVIEW,
    "code_second_program": _SECOND_PROGRAM,
}
"""Templates by name, as settings override them. `{language}`, `{problem}`, `{missed}` stand for what they say."""


class CoderPrompts:
    """The prompts in force on the way to a program.

    Args:
        overrides: Templates by name that replace the program's own; names of other prompts say nothing here.
    """

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self._texts = {name: (overrides or {}).get(name, text) for name, text in DEFAULTS.items()}

    def program(self, request: str, language: str) -> list[Message]:
        """A program in a programming language."""
        system = self._texts["code_program" if language == "python" else "code_program_other"]
        return [("system", system.replace("{language}", language)), ("user", request)]

    def repair(self, problem: str) -> str:
        """What is said to a program that goes wrong."""
        return self._texts["code_repair"].replace("{problem}", problem)

    def missed(self, requirements: Sequence[str]) -> str:
        """What is said to a program that runs and lacks something required."""
        listed = "\n".join(f"- {text}" for text in requirements)
        return self._texts["code_missed"].replace("{missed}", listed)

    def example(self, program: str) -> list[Message]:
        """An example call of a program."""
        asked: Message = ("user", f"```python\n{program.strip()}\n```")
        return [("system", self._texts["code_example"]), *_EXAMPLES, asked]

    def review(self, program: str, requirements: Sequence[str]) -> list[Message]:
        """Which of a program's numbered lines meet each requirement."""
        wanted = "\n".join(f"{n}. {text}" for n, text in enumerate(requirements, 1))
        asked: Message = ("user", f"Program:\n{program}\n\nRequirements:\n{wanted}")
        return [("system", self._texts["code_review"]), *_REVIEW_EXAMPLES, asked]

    def second_program(self, question: str, outline: str, method: str = "") -> list[Message]:
        """The same definitions completed once more, from the request alone or with what the paper says."""
        said = f"From the paper:\n{method}\n" if method else ""
        asked = f"Request: {question}\n{said}```python\n{outline}\n```"
        return [("system", self._texts["code_second_program"]), ("user", asked)]
