"""Vectors: batches, and (slow) the real model against fp32."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.embedding.model import LocalEmbedder, _batches
from ingestion.settings import EmbeddingSettings
from tests.papers import PAPERS


@given(st.lists(st.integers(1, 256), max_size=60), st.integers(256, 4096))
def test_batches_hold_every_text_once_within_the_limit(lengths: list[int], limit: int) -> None:
    batches = list(_batches(lengths, limit))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) * max(lengths[i] for i in batch) <= limit


@pytest.mark.slow
def test_the_real_model_stays_true_to_fp32(real_home: Path) -> None:
    fast = LocalEmbedder(EmbeddingSettings(), real_home)
    exact = LocalEmbedder(EmbeddingSettings(precision="fp32"), real_home)
    texts = [paper.text for paper in PAPERS] + ["", "中文标题", "x" * 5000]
    done: list[int] = []
    vectors = fast.encode(texts, done.append)
    cosines = np.sum(vectors * exact.encode(texts), axis=1)
    assert cosines.min() > 0.99
    assert sum(done) == len(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), np.ones(len(texts)), atol=1e-3)
    assert fast.encode([]).shape == (0, fast.dim)
    assert "ARXIV_AGENT_TEST_HOME" in os.environ
