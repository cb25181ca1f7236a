from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench import vectors


def test_a_text_is_embedded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "user_cache_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr(vectors, "_BLOCK", 2)
    seen: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        seen.extend(texts)
        return np.array([[len(text), 1] for text in texts], np.float32)

    first = vectors.cached("one", ["a", "bb", "a", "ccc"], encode)
    assert first.tolist() == [[1, 1], [2, 1], [1, 1], [3, 1]]
    again = vectors.cached("one", ["ccc", "dddd"], encode)
    assert again.tolist() == [[3, 1], [4, 1]]
    assert seen == ["a", "bb", "ccc", "dddd"]
    vectors.cached("other", ["a"], encode)
    assert seen[-1] == "a"
