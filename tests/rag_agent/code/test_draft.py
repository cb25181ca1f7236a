"""A program as it is written, and the example written for it."""

from rag_agent.code.draft import write_draft
from rag_agent.events import Event, ProgramBegun, TextWritten
from rag_agent.model.scripted import ScriptedModel
from rag_agent.progress import Telling
from rag_agent.prompts.coder import CoderPrompts

GOOD = "def double(x):\n    return 2 * x\n"
EXAMPLE = "```python\nx = 2.5\nresult = double(x)\nassert isinstance(result, float)\n```"
BLOCK = f"```python\n{GOOD}```"


def test_a_draft_is_a_new_program_with_a_check_of_its_own() -> None:
    events: list[Event] = []
    model = ScriptedModel([BLOCK, EXAMPLE])
    draft = write_draft(
        [("user", "double")], "python", model, CoderPrompts(), Telling(events.append)
    )
    assert draft.body == GOOD
    assert "isinstance(result, float)" in draft.check
    assert isinstance(events[0], ProgramBegun)
    assert events[-1] == TextWritten(draft.check, "program")


def test_a_draft_without_a_usable_example_says_so_and_has_no_check() -> None:
    told = Telling()
    model = ScriptedModel([BLOCK, "no example"])
    draft = write_draft([("user", "double")], "python", model, CoderPrompts(), told)
    assert (draft.check, draft.example) == ("", None)
    assert told.notices[0].startswith("No self-check was made")


def test_other_languages_get_no_example() -> None:
    model = ScriptedModel(["```rust\nfn main() {}\n```"])
    draft = write_draft([("user", "main")], "rust", model, CoderPrompts(), Telling())
    assert (draft.body, draft.check) == ("fn main() {}\n", "")
