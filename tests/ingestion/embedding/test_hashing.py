"""The embedder without weights."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingestion.embedding import HashingEmbedder


def test_the_double_is_deterministic_and_near_for_shared_words() -> None:
    one, other = HashingEmbedder(512), HashingEmbedder(512)
    texts = ["the sound of sourdough bubbles", "bubbling sourdough sounds", "lighthouse lenses"]
    vectors = one.encode(texts)
    np.testing.assert_array_equal(vectors, other.encode(texts))
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, one.dim)
    assert vectors[0] @ vectors[1] > 0.8 > 0.3 > vectors[0] @ vectors[2]


@given(st.lists(st.text(max_size=30), max_size=4))
def test_rows_have_length_one(texts: list[str]) -> None:
    vectors = HashingEmbedder(16).encode(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), np.ones(len(texts)), atol=1e-5)
