"""Which engine a machine gets, and that the reason says what decided."""

from pathlib import Path

import pytest

from rag_agent.model.engine_choice import choose_engine, cpu_flags, free_memory_mb

VNNI = frozenset({"avx2", "avx512f", "avx512_vnni"})


def test_openvino_where_the_processor_multiplies_bytes() -> None:
    choice = choose_engine(VNNI, installed=True)
    assert (choice.engine, "avx512_vnni" in choice.reason) == ("openvino", True)


@pytest.mark.parametrize(
    ("flags", "options", "reason"),
    [
        ({"avx2"}, {"installed": True}, "VNNI"),
        (VNNI, {"installed": False}, "pip install"),
        (VNNI, {"installed": True, "adapter": True}, "adapter"),
        (VNNI, {"installed": True, "memory_mb": 1000.0}, "MB"),
        ((), {"installed": True}, "VNNI"),
    ],
)
def test_llama_cpp_everywhere_else(flags: set[str], options: dict, reason: str) -> None:  # type: ignore[type-arg]
    choice = choose_engine(flags, **options)
    assert choice.engine == "llama.cpp"
    assert reason in choice.reason


def test_what_linux_says(tmp_path: Path) -> None:
    cpuinfo, meminfo = tmp_path / "cpuinfo", tmp_path / "meminfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: avx2 avx_vnni\n")
    meminfo.write_text("MemTotal: 8000000 kB\nMemAvailable:    4194304 kB\n")
    assert cpu_flags(cpuinfo) >= {"avx2", "avx_vnni"}
    assert free_memory_mb(meminfo) == 4096


def test_a_machine_that_says_nothing(tmp_path: Path) -> None:
    assert cpu_flags(tmp_path / "none") == frozenset()
    assert free_memory_mb(tmp_path / "none") == float("inf")
