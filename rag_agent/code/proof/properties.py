"""What the words of a request promise of a result, as lines of a self-check: invariances, bounds, what is trained.

Only what follows from a field's own term is here, and only where the request is for that thing itself: a
normalised value does not change with the scale of the input, whatever comes before or after in a larger block.
"""

import re
from collections.abc import Iterator, Sequence

from rag_agent.code.instruction import requirements_of

_FURTHER = re.compile(
    r"\b(?:with|and|before|after|then|using|from)\b", re.I
)  # what follows is not the thing itself
_NORMALISATION = re.compile(r"\b(?:layer|batch|instance|group)[ -]?norm(?:ali[sz]ation|s)?\b", re.I)
_PROBABILITIES = re.compile(r"(?<!log )(?<!log-)\bprobabilit(?:y|ies)\b(?! ratio)", re.I)
_FROZEN = re.compile(r"\b(?:frozen|freezes?)\b", re.I)
_FROM_ZERO = re.compile(
    r"\b(?:starts?|begins?|initiali[sz]ed)\s+(?:at|as|to|with|from)\s+zeros?\b", re.I
)


def property_lines(
    request: str, run: str, result: str, drawn: Sequence[str], module: str, *, convolves: bool
) -> Iterator[str]:
    """Asserts on one result.

    Args:
        request: In its own words; the first thing it names is what the result is.
        run: Name of the function that makes the call anew with other inputs.
        result: Name of the result.
        drawn: Names of its random inputs, the one that counts first.
        module: Name of the `torch.nn.Module` called; empty for a function.
        convolves: Whether the program convolves: padding then tells a shift of the input.
    """
    head = _FURTHER.split(requirements_of(request)[0])[0]
    if _NORMALISATION.search(head) and drawn:
        yield from _unchanged(run, result, drawn[0], "3 * {}", "scale")
        if not convolves:
            yield from _unchanged(run, result, drawn[0], "{} + 2", "shift")
    if _PROBABILITIES.search(head):
        yield (
            f"assert ({result} >= 0).all() and ({result} <= 1 + 1e-6).all(), "
            "'a probability lies between 0 and 1'"
        )
    if module and _FROZEN.search(request):
        yield f"learns = [p.requires_grad for p in {module}.parameters()]"
        yield "assert any(learns) and not all(learns), 'some weights are frozen and others learn'"
    if module and _FROM_ZERO.search(request):
        yield (
            f"assert any(p.dim() > 1 and not p.detach().any() for p in {module}.parameters()), "
            "'a weight starts at zero'"
        )


def _unchanged(run: str, result: str, name: str, changed: str, what: str) -> Iterator[str]:
    """A normalised result is the same for an input of another scale or shift, up to its small epsilon."""
    again = f"{run}({name}={changed.format(name)})"
    yield (
        f"assert abs({again} - {result}).max() < 0.05, "
        f"'another {what} of {name} changes the result: it is not normalised'"
    )
