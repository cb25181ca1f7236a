import pytest

from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.works import WorkPrompts
from rag_agent.tables import columns_of, propose


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("data set; metric;  best result", ["data set", "metric", "best result"]),
        ("data set, metric", ["data set", "metric"]),
        ("model size\ncode available", ["model size", "code available"]),
        ("metric; metric", ["metric"]),
        ("Which recognizers run on small devices, and how fast?", []),
        ("How many layers?; optimizer", ["How many layers?", "optimizer"]),
    ],
)
def test_columns_are_read_from_what_was_typed(typed: str, names: list[str]) -> None:
    assert [column.name for column in columns_of(typed)] == names


def test_a_usual_column_is_asked_in_a_sentence_and_any_other_by_its_name() -> None:
    asked = [column.question for column in columns_of("Data Set; model size; boiling point")]
    assert asked[1:] == ["How many parameters does the model have?", "What is the boiling point?"]
    assert asked[0].startswith("On which data does the paper train or test")


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("number of layers", "How many layers does the paper state?"),
        ("# participants", "How many participants does the paper state?"),
        ("learning rate of the optimizer", "What is the learning rate of the optimizer?"),
        ("baselines", "What are the baselines?"),
        ("loss", "What is the loss?"),
        ("hardware used", "Which hardware is used?"),
        ("languages evaluated", "Which languages are evaluated?"),
        ("uses dropout", "Does the paper use dropout?"),
        ("how long is training", "How long is training?"),
    ],
)
def test_the_form_of_a_name_says_how_it_is_asked(name: str, question: str) -> None:
    (column,) = columns_of(name)
    assert (column.name, column.question) == (name, question)


def test_a_counted_thing_has_to_stand_in_the_quote_and_not_the_word_number() -> None:
    (column,) = columns_of("number of layers")
    assert column.about == frozenset({"layer"})


def test_columns_of_a_question_are_proposed_and_have_a_fallback() -> None:
    model = ScriptedModel([{"columns": ["device", "latency", "device"]}])
    assert [c.name for c in propose("Which run on phones?", model, WorkPrompts())] == [
        "device",
        "latency",
    ]
    assert propose("Which?", None, WorkPrompts())[0].name == "problem"
    assert len(propose("Which?", ScriptedModel(["no json", "none"]), WorkPrompts())) > 2
