"""The shared embedding process: the same vectors as at home, errors told, no stranger served."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ingestion.embedding import HashingEmbedder, Vectors
from ingestion.embedding.shared import SharedEmbedder, serve
from ingestion.errors import EmbeddingUnavailable
from ingestion.machine import loopback_service
from ingestion.machine.loopback_service import Service
from ingestion.settings import EmbeddingSettings

TEXTS = ["attention is all you need", "", "注意力", "deep residual learning"]


class TwoAtATime(HashingEmbedder):
    """Gives its vectors two texts at a time, the last ones first; breaks where `fails` says."""

    def __init__(self, fails: int = 0) -> None:
        super().__init__(32)
        self.fails = fails
        self.breaks_first = False

    def batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        if self.breaks_first and texts:
            raise MemoryError
        for start in reversed(range(0, len(texts), 2)):
            rows = list(range(start, min(start + 2, len(texts))))
            [(_, vectors)] = super().batches([texts[row] for row in rows])
            yield rows, vectors
            if self.fails:
                self.fails -= 1
                raise MemoryError


@pytest.fixture
def shared(home: Path) -> SharedEmbedder:
    home.mkdir()
    return SharedEmbedder(EmbeddingSettings(), home)


@pytest.fixture
def running(shared: SharedEmbedder) -> Iterator[TwoAtATime]:
    """A server with a model of no weights, in this process."""
    embedder, ended = TwoAtATime(), threading.Event()
    announcement = shared._announcement
    announcement.parent.mkdir()
    thread = threading.Thread(target=serve, args=(announcement, embedder, 60.0, ended))
    thread.start()
    while not announcement.exists():
        time.sleep(0.01)
    yield embedder
    ended.set()
    thread.join()


@pytest.mark.usefixtures("running")
def test_vectors_and_progress_are_those_of_the_model_itself(shared: SharedEmbedder) -> None:
    done: list[int] = []
    vectors = shared.encode(TEXTS, done.append)
    assert np.array_equal(vectors, HashingEmbedder(32).encode(TEXTS))
    assert done == [2, 2]
    assert shared.dim == 32
    assert shared.encode([]).shape == (0, 32)


def test_a_model_that_breaks_once_is_asked_for_the_rest(
    shared: SharedEmbedder, running: TwoAtATime
) -> None:
    running.fails = 1
    done: list[int] = []
    assert np.array_equal(shared.encode(TEXTS, done.append), HashingEmbedder(32).encode(TEXTS))
    assert done == [2, 2]


@pytest.mark.long
def test_a_model_that_breaks_again_and_again_but_gets_on_is_asked_for_the_rest(
    shared: SharedEmbedder, running: TwoAtATime
) -> None:
    running.fails = 4
    texts = [*TEXTS, "a", "b", "c", "d", "e"]
    done: list[int] = []
    assert np.array_equal(shared.encode(texts, done.append), HashingEmbedder(32).encode(texts))
    assert sum(done) == len(texts)


def test_a_model_that_breaks_without_getting_on_is_an_error_and_no_half_result(
    shared: SharedEmbedder, running: TwoAtATime
) -> None:
    running.breaks_first = True
    with pytest.raises(EmbeddingUnavailable, match="ended while it worked"):
        shared.encode(TEXTS * 2)


@pytest.mark.slow
def test_a_process_killed_twice_in_one_run_loses_nothing(real_home: Path, tmp_path: Path) -> None:
    (tmp_path / "weights").symlink_to(real_home / "weights")
    shared = SharedEmbedder(EmbeddingSettings(), tmp_path, idle_s=60.0)
    texts = [f"Paper {n} is about " + "many words " * 100 for n in range(400)]
    killed: set[int] = set()

    def kill(_: int) -> None:
        service = loopback_service.find(shared._announcement)
        if service is not None and len(killed) < 3 and service.pid not in killed:
            killed.add(service.pid)
            os.kill(service.pid, signal.SIGKILL)

    try:
        vectors = shared.encode(texts, kill)
        assert len(killed) == 3
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    finally:
        loopback_service.stop(shared._announcement)


@pytest.mark.usefixtures("running")
def test_a_text_of_a_small_call_is_embedded_once(shared: SharedEmbedder) -> None:
    done: list[int] = []
    first = shared.encode(TEXTS, done.append)
    again = shared.encode([TEXTS[2], "one more", TEXTS[2]], done.append)
    assert done == [2, 2, 1]
    assert np.array_equal(again[[0, 2]], first[[2, 2]])
    assert np.array_equal(again[1], HashingEmbedder(32).encode(["one more"])[0])


@pytest.mark.usefixtures("running")
def test_who_does_not_know_the_token_gets_nothing(shared: SharedEmbedder) -> None:
    announcement = shared._announcement
    service = Service(**json.loads(announcement.read_text()))
    loopback_service.announce(announcement, Service(service.port, service.pid, "guessed"))
    with pytest.raises(EmbeddingUnavailable, match="403"):
        shared.encode(TEXTS)


@pytest.mark.long
def test_the_server_ends_when_nobody_asks(home: Path) -> None:
    announcement = home / "run" / "embedding-test.json"
    announcement.parent.mkdir(parents=True)
    serve(announcement, HashingEmbedder(), 0.0, threading.Event())
    assert not announcement.exists()


@pytest.mark.slow
def test_a_real_server_starts_and_is_found_again(real_home: Path, tmp_path: Path) -> None:
    (tmp_path / "weights").symlink_to(real_home / "weights")
    shared = SharedEmbedder(EmbeddingSettings(), tmp_path, idle_s=30.0)
    try:
        one, same, other = shared.encode(["graph neural network", "graph neural network", "a pie"])
        assert one @ same > 0.9999
        assert one @ other < 0.5
        started = time.perf_counter()
        SharedEmbedder(EmbeddingSettings(), tmp_path).encode(["a warm one"])
        assert time.perf_counter() - started < 2.0
    finally:
        loopback_service.stop(shared._announcement)
