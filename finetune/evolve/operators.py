"""How a task is made from another: the operators of Evol-Instruct for code (WizardCoder, arXiv:2306.08568).

The paper's fifth, misleading code, is left out: it makes harder questions, not other functions.
"""

import ast
import re

from finetune.data.rows import Message
from finetune.evolve.tasks import Task, only_literals

OPERATORS = {
    "constraint": "Add one new constraint or requirement to it.",
    "rare": "Replace a requirement that is common by one that is less common and more specific.",
    "steps": "Make it need one more step of reasoning.",
    "complexity": "Ask for a better time or space complexity, with an input where it matters kept small in the tests.",
    "breadth": "Write a different task of the same field and of similar length, about something rarer.",
}
_ASK = (
    "Here is a programming task:\n{text}\n\n{operator} The new task asks for one Python function whose arguments and "
    "result are numbers, strings, lists, tuples, sets or dictionaries.\n"
    "Reply in this form and with nothing else:\n"
    "TASK: Write a function NAME(arguments) that ... (one to three sentences)\n"
    "TESTS:\nassert NAME(...) == ...\nassert NAME(...) == ...\nassert NAME(...) == ..."
)
_REPLY = re.compile(r"TASK:\s*(?P<text>.+?)\s*TESTS:\s*(?P<tests>.+)", re.DOTALL | re.IGNORECASE)
_MOST_TESTS = 5


def request(seed: Task, operator: str) -> tuple[Message, ...]:
    """What the model is asked to make of a seed."""
    return ({"role": "user", "content": _ASK.format(text=seed.text, operator=OPERATORS[operator])},)


def evolved(seed: Task, operator: str, reply: str) -> Task | None:
    """The task in a reply; None where it has no sentence, or no two tests of one function with literal values."""
    found = _REPLY.search(reply)
    if not found:
        return None
    lines = (line.strip().strip("`") for line in found["tests"].splitlines())
    tests = [line for line in lines if line.startswith("assert ") and only_literals(line)]
    names = {
        node.id
        for test in tests
        for node in ast.walk(ast.parse(test))
        if isinstance(node, ast.Name)
    }
    if len(set(tests)) < 2 or len(names) != 1:
        return None
    text = found["text"].strip().strip("`").strip()
    return Task(
        id=f"{seed.id}/{operator}",
        text=text,
        entry_point=names.pop(),
        tests=tuple(dict.fromkeys(tests))[:_MOST_TESTS],
        licence=seed.licence,
        operator=operator,
    )
