"""Whether a model would say it again: what it guesses falls apart when it is asked once more.

Sampled replies to one prompt agree where a model knows and differ where it makes up (Manakul et al. 2023,
arXiv:2303.08896). Here they need not be compared with one another: each goes through the same checks as the answer,
and a guess seldom passes them twice.
"""

from collections.abc import Callable

from rag_agent.model.client import LanguageModel

# Of 24 development facts and cells that stood, most of five readings at 0.7 fell for the 4 wrong ones and 1 of the 20
# right ones (30 November 2026, bench/LOG.md).
_READINGS = 3
_TEMPERATURE = 0.7


def holds_again(
    read: Callable[[LanguageModel], bool], model: LanguageModel, readings: int = _READINGS
) -> bool:
    """Whether most further readings stand as well; asks no more of them than it takes to know.

    Args:
        read: Reads once more with a model; whether anything it wrote stands.
        model: The reader; each further reading is drawn at random, the same at each run.
        readings: How many there are at most, odd.

    Raises:
        ModelUnavailable: No model answers.
    """
    stood = 0
    for number in range(1, readings + 1):
        stood += read(model.sampled(number, _TEMPERATURE))
        fallen = number - stood
        if max(stood, fallen) > readings // 2:
            break
    return stood > readings // 2
