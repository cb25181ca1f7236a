"""Which sentences carry a written one."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion.embedding import HashingEmbedder
from rag_agent.grounding.attribution import attributed, decided_by
from rag_agent.grounding.checks.verification import stands_on
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.keys import Keys
from tests.rag_agent.grounding.pieces import PEAK, VIT, evidence

WARM = "The jar stands at 24 degrees in a bath of water."
MICROPHONE = "A microphone in the lid of a jar hears the bubbles of a sourdough starter."
QUESTION = "When does the rate of bubble bursts peak?"


def quotes(text: str, shown: list[Evidence], question: str = QUESTION) -> list[str]:
    claim = attributed(text, question, shown, HashingEmbedder(512), Keys())
    return [citation.quote for citation in claim.citations] if claim else []


def test_the_sentence_that_says_it_is_quoted_whole() -> None:
    assert quotes("5.2 hours after feeding", [evidence(WARM), evidence(PEAK, 60)]) == [PEAK]


def test_the_smallest_set_is_taken() -> None:
    shown = [evidence(WARM), evidence(PEAK, 60), evidence(MICROPHONE, 200)]
    assert len(quotes(PEAK, shown)) == 1


def test_two_sentences_carry_what_neither_says_alone() -> None:
    said = "The rate peaks 5.2 hours after feeding, and a microphone in the lid hears the bubbles."
    shown = [evidence(WARM), evidence(PEAK, 60), evidence(MICROPHONE, 200)]
    assert set(quotes(said, shown)) == {PEAK, MICROPHONE}


def test_a_list_is_carried_by_as_many_of_its_items_as_it_names() -> None:
    opens = "We hold the way against these ways of baking:"
    names = ("Autolyse", "Levain", "Poolish", "Biga", "Tangzhong", "Yudane")
    items = [
        evidence(f"• {name}: it is left alone for hours.", 100 * place, lead_in=opens)
        for place, name in enumerate(names)
    ]
    asked = "Which ways of baking is the way held against?"
    told = "The ways of baking are Autolyse, Levain, Poolish, Biga and Yudane."
    shown = [evidence(PEAK, 900), evidence(opens, 950), *items]
    assert quotes(told, shown, asked) == [
        item.text for item in items if "Tangzhong" not in item.text
    ]
    assert quotes(told.replace("Biga", "Sponge"), shown, asked) == []


def test_what_nothing_says_has_no_quote() -> None:
    assert quotes("7 hours after feeding", [evidence(PEAK)]) == []
    assert quotes("Bananas ripen in paper bags.", [evidence(PEAK)]) == []
    assert quotes(PEAK, []) == []


def test_a_question_of_the_papers_own_is_never_a_quote() -> None:
    asked = "Does the rate of bubble bursts peak 5.2 hours after feeding?"
    assert quotes("5.2 hours after feeding", [evidence(asked, quotable=False)]) == []
    assert quotes("5.2 hours after feeding", [evidence(asked, quotable=False), evidence(PEAK, 90)])


def test_an_answer_about_what_no_shown_sentence_is_about_is_dropped() -> None:
    question = "What accuracy does ViT-Base reach on LibriSpeech?"
    assert quotes("77.9%", [evidence(VIT)], question) == []
    speech = "On LibriSpeech ViT-Base reaches an accuracy of 77.9%."
    assert quotes("77.9%", [evidence(VIT), evidence(speech, 100)], question) == [speech]


def test_a_bare_yes_stands_on_what_speaks_most_of_the_question() -> None:
    question = "Is the jar in a bath of water?"
    shown = [evidence(PEAK), evidence(WARM, 100)]
    claim = decided_by("Yes", question, shown, HashingEmbedder(512), Keys())
    assert claim is not None
    assert claim.text == "Yes."
    assert [citation.quote for citation in claim.citations] == [WARM]


def test_a_bare_yes_about_something_else_falls() -> None:
    for question in ("Do whales sing?", "Is the jar on LibriSpeech in a bath of water?"):
        shown = [evidence(PEAK), evidence(WARM, 100)]
        assert decided_by("Yes", question, shown, HashingEmbedder(512), Keys()) is None


@given(st.text(max_size=80), st.lists(st.text(min_size=1, max_size=80), max_size=4))
def test_what_is_attributed_stands_on_its_quotes(text: str, sentences: list[str]) -> None:
    shown = [evidence(sentence, place * 100) for place, sentence in enumerate(sentences)]
    claim = attributed(text, "", shown, HashingEmbedder(512), Keys())
    if claim is not None:
        cited = {citation.start for citation in claim.citations}
        assert cited
        assert stands_on(text, [e for e in shown if e.start in cited])
