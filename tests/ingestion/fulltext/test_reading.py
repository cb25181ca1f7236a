"""Sentences as a model is shown them."""

from ingestion.fulltext.passages import passages_of
from ingestion.fulltext.reading import sentences_of
from ingestion.fulltext.sentences import Sentence
from tests.ingestion.fulltext.typeset import document, line, page, prose

LIST = page(
    line("1 Introduction", 100),
    *prose(120),
    line("In this work we make the following three contributions to the field:", 190),
    line("• A new reformulation of attention that scales in linear time.", 210),
    line("• We release all models that were trained for this study of it.", 230),
    line("Nothing else is needed to run the models on a single machine today.", 260),
)
LEAD_IN = "In this work we make the following three contributions to the field:"


def read(*pages: dict[str, object]) -> list[Sentence]:
    return sentences_of(document(*pages))


def beginning(sentences: list[Sentence], start: str) -> Sentence:
    return next(sentence for sentence in sentences if sentence.text.startswith(start))


def test_an_item_is_read_with_what_opens_its_list_and_quoted_as_it_stands() -> None:
    item = beginning(read(LIST), "• A new")
    assert item.text == "• A new reformulation of attention that scales in linear time."
    assert item.reading == f"{LEAD_IN} {item.text}"
    assert item.lead_in == LEAD_IN
    assert item.quotable


def test_a_paragraph_after_a_list_is_no_item() -> None:
    after = beginning(read(LIST), "Nothing else")
    assert after.reading == after.text
    assert after.lead_in == ""


def test_a_passage_of_items_names_what_opens_their_list_once() -> None:
    laid_out = document(LIST)
    passages = passages_of(laid_out, sentences_of(laid_out))
    assert all(passage.reading.count(LEAD_IN) <= 1 for passage in passages)
    assert any(LEAD_IN in p.reading and "We release" in p.reading for p in passages)


HEADED = page(
    line("1 Experiments", 100),
    *prose(120),
    line("We compare our way to three others: Majority: We take the class of most rows.", 200),
    line("Bag of words: We count the words and fit a plain logistic regression to them.", 230),
    line("It sees no order at all, and is trained in a minute on a single machine.", 260),
    line("Word vectors: We take the mean of all vectors and fit a regression to it.", 290),
)


def test_items_without_a_mark_are_read_with_what_opens_them() -> None:
    sentences = read(HEADED)
    opens = "We compare our way to three others:"
    assert [s.lead_in for s in sentences if s.lead_in] == [opens, opens]
    assert beginning(sentences, "Word vectors").reading.startswith(f"{opens} Word vectors: We")
    assert beginning(sentences, "It sees").lead_in == ""


def test_two_heads_alone_are_no_list() -> None:
    two = page(
        line("1 Method", 100),
        *prose(120),
        line("Encoder: The first half of the model reads all that there is to read.", 200),
        line("Decoder: The second half of the model writes what there is to write.", 230),
    )
    assert not any(sentence.lead_in for sentence in read(two))


def test_half_a_sentence_is_read_with_its_other_half_on_the_next_page() -> None:
    first = "We find that the ensemble has an error of 3.57 percent on the"
    second = "ImageNet test set, and won the first place in the competition."
    sentences = read(
        page(line("1 Method", 90), *prose(110), line(first, 190)),
        page(line(second, 100), *prose(140)),
    )
    halves = [beginning(sentences, "We find"), beginning(sentences, "ImageNet")]
    assert [half.reading for half in halves] == [f"{first} {second}"] * 2
    assert [half.text for half in halves] == [first, second]
    assert [half.page for half in halves] == [1, 2]


def test_a_word_broken_by_the_end_of_a_page_is_joined() -> None:
    sentences = read(
        page(
            line("1 Method", 90),
            *prose(110),
            line("Unsupervised objectives for left-to-right language model-", 190),
        ),
        page(line("ing have been used for the training of such models before.", 100), *prose(140)),
    )
    assert "left-to-right language modeling have been" in beginning(sentences, "Unsup").reading


def test_questions_and_run_in_headings_are_context_but_no_evidence() -> None:
    sentences = read(
        page(
            line("1 Introduction", 100),
            *prose(120),
            line("Does the model remain competitive when it has more parameters?", 200),
        )
    )
    question = beginning(sentences, "Does")
    assert (question.quotable, question.unfit) == (False, "a question")
    assert beginning(sentences, "The encoder").quotable
