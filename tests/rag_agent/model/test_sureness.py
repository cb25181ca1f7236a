"""How sure a model was of a reply."""

from rag_agent.model.sureness import Sureness


def test_a_server_that_tells_nothing_leaves_its_word() -> None:
    assert Sureness([(" blue", -3.0)]).of_last(("yes", "no")) == 0.0


def test_the_last_verdict_counts() -> None:
    told = Sureness()
    for token, logprob in ((" Yes", -2.0), (" it", -0.5), (" No", -0.5)):
        told.note(token, logprob)
    assert told.of_last(("yes", "no")) == -0.5


def test_a_reply_is_sure_where_every_token_was_more_likely_than_not() -> None:
    assert Sureness([(" blue", -0.6), (".", -0.1)]).throughout
    assert not Sureness([(" blue", -0.8), (".", -0.1)]).throughout
    assert not Sureness().throughout  # a server that tells nothing
