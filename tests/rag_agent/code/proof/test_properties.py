"""What the words of a request promise, held against programs that keep it and that do not."""

import ast

import pytest

from rag_agent.code.proof.example import read_example, targets
from rag_agent.code.proof.self_check import run_checked, self_check
from rag_agent.sandbox import Sandbox
from rag_agent.settings import SandboxSettings
from tests.rag_agent import sandboxes

NORM = (
    "import numpy as np\n\n\ndef layer_norm(x):\n    mean = x.mean(-1, keepdims=True)\n"
    "    return (x - mean) / (x.std(-1, keepdims=True) + 1e-5){more}\n"
)
CALL = "x = np.random.randn(4, 8)\nresult = layer_norm(x)\nassert result.shape == (4, 8)\n"
SHARES = "import numpy as np\n\n\ndef shares(x):\n    e = np.exp(x)\n    return e{more}\n"
SHARES_CALL = "x = np.random.randn(6)\nresult = shares(x)\nassert result.shape == (6,)\n"


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return sandboxes.remembering(SandboxSettings(timeout_s=60))


def check_of(program: str, call: str, request: str) -> str:
    tree = ast.parse(program)
    return self_check(read_example(call, targets(tree)), tree, request)


@pytest.mark.parametrize(
    ("program", "call", "request_", "said"),
    [
        (NORM.format(more=""), CALL, "Show layer normalisation in NumPy", ""),
        (NORM.format(more=" + mean"), CALL, "Show layer normalization", "another scale of x"),
        (NORM.format(more=" + mean"), CALL, "Show a block with layer normalisation", ""),
        (SHARES.format(more=" / e.sum()"), SHARES_CALL, "Compute the probabilities of words", ""),
        (
            SHARES.format(more=""),
            SHARES_CALL,
            "Compute the probabilities of words",
            "between 0 and 1",
        ),
    ],
)
@pytest.mark.long
def test_a_program_is_held_to_what_its_request_names(
    sandbox: Sandbox, program: str, call: str, request_: str, said: str
) -> None:
    run, check = run_checked(sandbox, program + check_of(program, call, request_))
    assert check.passed == (not said)
    assert said in run.stderr


def test_of_a_layer_it_is_asked_what_learns_and_what_starts_at_zero() -> None:
    layer = (
        "import torch\nfrom torch import nn\n\n\nclass Added(nn.Module):\n    def __init__(self, d):\n"
        "        super().__init__()\n        self.w = nn.Linear(d, d)\n\n    def forward(self, x):\n"
        "        return self.w(x)\n"
    )
    call = "x = torch.randn(2, 4)\nmodel = Added(4)\nresult = model(x)\n"
    text = check_of(layer, call, "Show an added layer (B starts at zero, W frozen)")
    assert "not all(learns)" in text
    assert "starts at zero" in text
    assert "learns" not in check_of(layer, call, "Show an added layer")
    ast.parse(text)
