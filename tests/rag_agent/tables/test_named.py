import time

from hypothesis import given
from hypothesis import strategies as st

from rag_agent.tables.named import data_sets, metrics
from tests.rag_agent.tables.sentences import full_text, text, value


def test_metrics_are_those_named_most_in_sentences_that_measure() -> None:
    said = full_text(
        "We report accuracies on owls.",
        "The accuracy is measured thrice.",
        "F1 scores are reported too.",
        "Our evaluation uses the F1-measure.",
        "BLEU is reported once.",
        "The metric of space and its accuracy say nothing here",
        "We need accuracy, accuracy and more accuracy.",
    )
    found = metrics(said, "A study")
    assert found is not None
    assert (found.value, found.places) == ("accuracy, F1", (0, 3))


def test_a_metric_of_space_is_none() -> None:
    assert value(metrics, text("The metric (4) is evaluated.", "The metric is measured.")) == ""


def test_data_sets_are_names_that_come_back_before_the_word() -> None:
    said = full_text(
        "We train on the HenCam 2014 English-German dataset.",
        "On the HenCam 2014 English-French corpus we do better.",
        "We evaluate on OwlBench, a benchmark.",
        "Results on OwlBench are in Table 2.",
        "Training data of the kind is rare.",
        "The CrowSet dataset is too small.",
    )
    found = data_sets(said, "A study")
    assert found is not None
    assert (found.value, found.places) == ("HenCam 2014 English-German, OwlBench", (0, 2))


def test_a_data_set_named_as_one_once_is_known_by_its_other_mentions() -> None:
    said = ("It was trained on the Heap.", "The Heap is large.", "Of the Heap a tenth is prose.")
    assert value(data_sets, full_text(*said)) == "Heap"
    assert value(data_sets, full_text(said[0])) == ""


def test_an_abstract_says_everything_once() -> None:
    said = text("We reach an accuracy of 91 % on the OwlCam dataset.", "It was evaluated twice.")
    assert (value(data_sets, said), value(metrics, said)) == ("OwlCam", "accuracy")


def test_words_in_capitals_are_no_data_sets() -> None:
    said = text("The training data of QA datasets.", "Our data.", "For GPU benchmarks.", "QA data.")
    assert value(data_sets, said) == ""


@given(st.text("AZ09- az", max_size=600))
def test_no_text_takes_long(said: str) -> None:
    began = time.process_time()
    data_sets(text(said, f"trained on {said}", f"results on {said}"), said[:255])
    assert time.process_time() - began < 0.5


def test_a_long_name_takes_no_time() -> None:
    began = time.process_time()
    assert value(data_sets, text("A-" * 300, "A1 " * 200, "trained on " + "Ab-C " * 100)) == ""
    assert time.process_time() - began < 0.5
