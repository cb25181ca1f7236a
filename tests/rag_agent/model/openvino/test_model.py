"""What needs no weights of the OpenVINO backend: GGUF metadata, pieces for the tokenizer, its cache's mirror."""

import mmap
import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from rag_agent.model.openvino.model import encodable, release_mapped, vocabulary
from rag_agent.model.openvino.prefix_ledger import BLOCK_TOKENS, PrefixLedger


def _string(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def test_a_vocabulary_keeps_the_metadata_and_drops_the_tensors(tmp_path: Path) -> None:
    fields = _string(b"a.name") + struct.pack("<I", 8) + _string(b"qwen")
    fields += _string(b"a.count") + struct.pack("<II", 4, 7)
    fields += _string(b"a.tokens") + struct.pack("<IIQ", 9, 8, 2) + _string(b"x") + _string(b"yz")
    fields += _string(b"a.scores") + struct.pack("<IIQff", 9, 6, 2, 0.0, 1.0)
    weights = tmp_path / "weights.gguf"
    weights.write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, 5, 4) + fields + b"tensors")
    assert vocabulary(weights) == struct.pack("<4sIQQ", b"GGUF", 3, 0, 4) + fields


def test_long_texts_are_cut_between_words_and_nothing_is_lost() -> None:
    text = "\n".join("some words, (and) 12 signs  here " * 9 for _ in range(60)) + "x" * 5000
    pieces = list(encodable(text))
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 2000
    seams = pairwise(pieces)
    assert all(a[-1] == "\n" or b[0] == " " for a, b in seams if "xx" not in b[:3])


def test_short_texts_are_one_piece() -> None:
    assert list(encodable("a\nb c")) == ["a\nb c"]
    assert list(encodable("")) == [""]


def test_whole_blocks_of_a_known_prefix_are_cached_except_the_last_token() -> None:
    ledger = PrefixLedger(8)
    prompt = list(range(2 * BLOCK_TOKENS))
    assert ledger.cached_tokens(prompt) == 0
    ledger.note(prompt)
    assert ledger.cached_tokens(prompt) == 2 * BLOCK_TOKENS - 1
    assert ledger.cached_tokens([*prompt[:-1], -1]) == BLOCK_TOKENS
    assert ledger.cached_tokens([-1, *prompt[1:]]) == 0


def test_the_oldest_blocks_go_first() -> None:
    ledger = PrefixLedger(2)
    first, second = [1] * BLOCK_TOKENS, [2] * BLOCK_TOKENS
    for prompt in (first, second, [3] * BLOCK_TOKENS):
        ledger.note(prompt)
    assert ledger.cached_tokens([*first, 0]) == 0
    assert ledger.cached_tokens([*second, 0]) == BLOCK_TOKENS


@pytest.mark.skipif(sys.platform != "linux", reason="mappings are listed by Linux alone")
def test_a_mapped_file_is_released_from_a_linked_folder_although_another_process_maps_it_too(
    tmp_path: Path,
) -> None:
    (tmp_path / "real").mkdir()
    file = tmp_path / "real" / "model.bin"
    file.write_bytes(bytes(8_000_000))
    (tmp_path / "linked").symlink_to("real")
    holds = (
        "import mmap, sys; f = open(sys.argv[1], 'rb'); m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); "
        "sum(m[::4096]); print('held', flush=True); input()"
    )
    with (
        subprocess.Popen(
            [sys.executable, "-c", holds, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other,
        file.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert sum(mapped[::4096]) == 0
        assert _resident_kb(file) > 7_000
        release_mapped(tmp_path / "linked")
        assert _resident_kb(file) < 100
        assert sum(mapped[::4096]) == 0  # it can be read all the same
        other.communicate(b"\n", timeout=10)


def _resident_kb(file: Path) -> int:
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    mapping = next(line for line in lines if line.endswith(str(file)))
    resident = next(line for line in lines if line.startswith("Rss:"))
    assert mapping
    return int(resident.split()[1])
