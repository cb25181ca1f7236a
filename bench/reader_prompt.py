"""`python -m bench.reader_prompt > FILE`: the reader's prompt as the settings in force have it, for `finetune`.

A reader is tuned on the words it is asked with; `finetune` imports nothing of the agent, so they go there by a file.
"""

import json
import sys
from typing import Any, get_args

from rag_agent.prompts.reader import Form, Prompts
from rag_agent.settings import load_settings

NOT_STATED = "NOT STATED"
_SENTENCE, _OTHER, _QUESTION = "⟦sentence⟧", "⟦other⟧", "⟦question⟧"


def main() -> int:
    """Print it as JSON."""
    print(json.dumps(reader_prompt(Prompts(load_settings().prompts)), indent=1, ensure_ascii=False))
    return 0


def reader_prompt(prompts: Prompts) -> dict[str, Any]:
    """Turns by form with places for what is asked, found by asking with marks and looking where they stand."""
    forms: dict[str, Any] = {}
    excerpt = ""
    for form in get_args(Form):
        turns = []
        for role, text in prompts.read(_QUESTION, form, [_SENTENCE, _OTHER]):
            for line in text.splitlines():
                if _SENTENCE in line:
                    excerpt = line.replace(_SENTENCE, "{sentence}")
                    text = text.replace(line, "{excerpts}")
                elif _OTHER in line:
                    text = text.replace(f"\n{line}", "")
            turns.append({"role": role, "content": text.replace(_QUESTION, "{question}")})
        forms[form] = turns
    alone = {form: _alone(prompts, form) for form in get_args(Form)}
    return {"forms": forms, "alone": alone, "excerpt": excerpt, "not_stated": NOT_STATED}


def _alone(prompts: Prompts, form: Form) -> list[dict[str, str]]:
    """How one text that is read whole, such as an abstract, is asked about."""
    return [
        {
            "role": role,
            "content": text.replace(_SENTENCE, "{sentence}").replace(_QUESTION, "{question}"),
        }
        for role, text in prompts.read(_QUESTION, form, [_SENTENCE])
    ]


if __name__ == "__main__":
    sys.exit(main())
