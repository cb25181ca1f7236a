import pytest

from ingestion.fulltext import Sentence
from rag_agent.tables.fixed_forms import code, size
from tests.rag_agent.tables.sentences import text, value


@pytest.mark.parametrize(
    ("sentence", "address"),
    [
        ("Our code is available at https://github.com/owl/nest.", "https://github.com/owl/nest"),
        (
            "1Code at: https://github.com/ owl/nest-2. Others are listed.",
            "https://github.com/owl/nest-2",
        ),
        ("We release the software (github.com/owl/nest).", "github.com/owl/nest"),
        (
            "The source code can be found at http://owl.example/nest/ Some more.",
            "http://owl.example/nest/",
        ),
    ],
)
def test_the_address_of_the_code(sentence: str, address: str) -> None:
    assert value(code, text("We count owls.", sentence)) == address


@pytest.mark.parametrize(
    "sentence",
    [
        "Our implementation is based on the code in https://github.com/hen/coop.",
        "We use the official implementation at https://github.com/hen/coop.",
        "See (10) in https://hens.example/faq.",
        "The data of this paper are available at https://owls.example/data.",
        "The data are described by Hen et al. at https://hens.example.",
    ],
)
def test_the_code_of_others_is_not_the_paper_s(sentence: str) -> None:
    assert value(code, text(sentence)) == ""


def test_the_paper_s_own_code_is_told_from_another_s_before_it() -> None:
    other = "The baseline of Hen et al. is available at https://github.com/hen/coop."
    own = "Code for this paper is released at https://github.com/owl/nest."
    found = code(text(other, own), "A study")
    assert found is not None
    assert (found.value, found.places) == ("https://github.com/owl/nest", (1,))


def test_one_address_that_stands_alone_is_the_paper_s_and_of_two_neither() -> None:
    owl, hen = "1https://github.com/owl/nest", "https://github.com/hen/coop"
    assert value(code, text("We count owls.", owl)) == "https://github.com/owl/nest"
    assert value(code, text(owl, hen)) == ""


@pytest.mark.parametrize(
    ("sentence", "parameters"),
    [
        ("Our model has 1.5B parameters.", "1.5B parameters"),
        ("OwlNet contains 110M trainable parameters.", "110M trainable parameters"),
        (
            "We release models from 169 million to 14 billion parameters (Hen et al., 2020).",
            "169 million to 14 billion parameters",
        ),
        ("We report on OwlNet (L=12, Total Parameters=110M).", "Parameters=110M"),
        ("The network has 1,234,567 parameters.", "1,234,567 parameters"),
        (
            "We train models with 830M, 1.4B, and 2.8B parameters.",
            "830M, 1.4B, and 2.8B parameters",
        ),
    ],
)
def test_how_many_parameters_a_model_has(sentence: str, parameters: str) -> None:
    assert value(size, text(sentence), "OwlNet: nets for owls") == parameters


@pytest.mark.parametrize(
    "sentence",
    [
        "The network of Hen et al. has 60M parameters.",
        "Coop [12] needs 60 million parameters.",
        "The field has three parameters: r, s and t.",
        "A residual network with 34 parameter layers (3.6 billion FLOPs).",
    ],
)
def test_what_is_no_size_of_the_paper_s_model(sentence: str) -> None:
    assert value(size, text(sentence)) == ""


def test_sizes_are_read_from_a_table_and_its_rows_are_quoted() -> None:
    rows = [
        Sentence(
            f"{name} {count}", 1, 0, 9, f"Models. Model: {name}; # Params: {count}.", "", "table", 5
        )
        for name, count in (("Barn", "86M"), ("Eagle", "307M"))
    ]
    found = size([*text("Hens [3] have 9M parameters."), *rows], "A study")
    assert found is not None
    assert (found.value, found.places) == ("86M, 307M", (1, 2))


def test_a_table_s_number_takes_the_unit_of_its_label_which_is_quoted() -> None:
    head = Sentence("N params ×10^6", 1, 0, 14, "N; params ×10^6.", "", "table", 5)
    row = Sentence("base 65", 1, 0, 7, "base; params ×10^6: 65.", "", "table", 5)
    found = size([head, row], "A study")
    assert found is not None
    assert (found.value, found.places) == ("65 (params ×10^6)", (0, 1))
    assert value(size, [row]) == ""
