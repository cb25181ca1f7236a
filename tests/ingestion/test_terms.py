from hypothesis import given
from hypothesis import strategies as st

from ingestion.paper import Paper
from ingestion.terms import keyword_text, terms


def test_words_of_one_stem_meet() -> None:
    assert terms("Adapting low-rank models") == terms("adapt LOW rank model")


def test_function_words_and_contractions_leave_nothing() -> None:
    assert terms("What is it that you're doing? We don't, it's theirs.") == []


def test_single_letters_of_names_stay() -> None:
    assert terms("T cells and vitamin D") == ["t", "cell", "vitamin", "d"]


def test_each_chinese_character_is_a_term() -> None:
    assert terms("大模型LoRA") == ["大", "模", "型", "lora"]


def test_spellings_of_one_name_meet() -> None:
    assert terms("GPT4") == terms("GPT-4") == terms("gpt 4")
    assert terms("TNFα") == terms("TNF-alpha")


def test_title_counts_twice_and_authors_are_found() -> None:
    paper = Paper("1706.03762", "Attention", "Recurrence.", ("Ashish Vaswani",), (), 2017)
    assert keyword_text(paper).split() == ["attent", "attent", "recurr", "ashish", "vaswani"]


@given(st.text())
def test_terms_survive_a_whitespace_tokenizer(text: str) -> None:
    found = terms(text)
    assert " ".join(found).split() == found
