"""What `code --json` and `ask --json` print fits the published schemas, and nothing is left out."""

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator, ValidationError

from ingestion.paper import Origin, Paper
from rag_agent.answer import Answer, Language, Route, Step, Tokens, Verdict
from rag_agent.citation import Citation, Claim, Hit, QuoteKind
from rag_agent.code.instruction import Instruction
from rag_agent.code.proof import comparison as cross_check
from rag_agent.code.proof.review import RequirementCheck, Status
from rag_agent.code.proof.self_check import SelfCheck
from rag_agent.code.result import CodeResult, CodeVerdict
from rag_agent.sandbox import Outcome, Run


def schema(name: str) -> Any:
    return json.loads((files("rag_agent") / "schemas" / f"{name}.schema.json").read_text())


PAPER = Paper("1706.03762", "Attention", "Text.", ("A. Vaswani",), ("cs.CL",), 2017, version=7)
CITATION = Citation(1, PAPER, 4, "a quote", 12, "around a quote", 0.71)
CODE = CodeResult(
    question="attention",
    language="python",
    instruction=Instruction(
        goal="Compute attention.",
        definition="def attention(Q, K, V)",
        formulas=("softmax(Q K^T) V",),
        inputs=("Q: (n, d)",),
        outputs=(),
        requirements=("a softmax",),
    ),
    passages=(CITATION,),
    program="x = 1\n",
    model="scripted",
    adapter="base model",
    ended="passed",
    trouble="",
    run=Run("passed", 0, "out", "", 0.1, 12.5),
    self_check=SelfCheck(2, 2, 2),
    repairs=1,
    requirements=(RequirementCheck("a softmax", "met", 3, 4), RequirementCheck("a mask", "missed")),
)
NOT_RUN = replace(
    CODE, ended="not run", run=None, missing_packages=("jax",), notices=("a notice",), passages=()
)
ANSWER = Answer(
    question="What is attention?",
    language="en",
    answered=True,
    claims=(Claim("It weighs values.", True, (CITATION,)),),
    nearest=(Hit(PAPER, 0.41, 0.3, False),),
    nearest_sentences=(CITATION,),
    missing=("its size",),
    queries=("attention",),
    steps=(Step("plan", 0.5, "research"),),
    model="scripted",
    tokens=Tokens(10, 5),
    llm_calls=2,
    verdict="supported",
)
ABSTRACT_ONLY = replace(CITATION, page=None, paper=replace(PAPER, version=0))


@pytest.mark.parametrize("name", ["ask", "code"])
def test_a_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("result", [CODE, NOT_RUN, replace(CODE, passages=(ABSTRACT_ONLY,))])
def test_a_code_result_fits(result: CodeResult) -> None:
    Draft202012Validator(schema("code")).validate(json.loads(json.dumps(result.as_json())))


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        Answer("嗨", "zh", True, route="chat", reply="你好"),
        replace(ANSWER, route="code", code=CODE),
        replace(ANSWER, route="code", code=NOT_RUN, claims=()),
        replace(ANSWER, claims=(Claim("It is.", False),), verdict="partly supported"),
    ],
)
def test_an_answer_fits(answer: Answer) -> None:
    Draft202012Validator(schema("ask")).validate(json.loads(json.dumps(answer.as_json())))


@pytest.mark.parametrize(("name", "whole"), [("code", CODE.as_json()), ("ask", ANSWER.as_json())])
def test_every_field_is_required_and_no_other_allowed(name: str, whole: dict[str, Any]) -> None:
    check = Draft202012Validator(schema(name))
    with pytest.raises(ValidationError):
        check.validate({**whole, "surprise": 1})
    for key in whole:
        with pytest.raises(ValidationError):
            check.validate({other: value for other, value in whole.items() if other != key})


def test_the_schemas_know_the_same_words_as_the_code() -> None:
    ask, code = schema("ask"), schema("code")
    expected = [
        (ask["properties"]["verdict"], Verdict),
        (ask["properties"]["route"], Route),
        (ask["properties"]["language"], Language),
        (ask["$defs"]["citation"]["properties"]["origin"], Origin),
        (ask["$defs"]["citation"]["properties"]["kind"], QuoteKind),
        (code["$defs"]["citation"]["properties"]["kind"], QuoteKind),
        (code["properties"]["verdict"], CodeVerdict),
        (code["$defs"]["run"]["properties"]["outcome"], Outcome),
        (code["properties"]["cross_check"]["properties"]["outcome"], cross_check.Outcome),
        (code["properties"]["requirements"]["items"]["properties"]["status"], Status),
    ]
    for described, words in expected:
        assert set(described["enum"]) == set(get_args(words))


def test_an_answer_describes_code_as_the_code_command_does() -> None:
    inside, alone = schema("ask")["$defs"]["code"], schema("code")
    assert inside["properties"] == alone["properties"]
    assert inside["required"] == alone["required"]
