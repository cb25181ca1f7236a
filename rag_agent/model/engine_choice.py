"""Which engine runs the embedded model on this machine, and why."""

import importlib.util
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

EngineName = Literal["openvino", "llama.cpp"]

# It multiplies 8-bit integers in one instruction, which is what reading a prompt consists of.
_FAST_FLAGS = ("avx512_vnni",)
_LEAST_MEMORY_MB = 4096


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine and, in one clause, the reason for it."""

    engine: EngineName
    reason: str


def choose_engine(
    cpu_flags: Iterable[str],
    *,
    installed: bool,
    adapter: bool = False,
    memory_mb: float = float("inf"),
) -> EngineChoice:
    """The engine that answers sooner on a machine.

    Args:
        cpu_flags: What the processor can do, in Linux' names.
        installed: Whether openvino-genai is installed.
        adapter: Whether the role carries a LoRA adapter, which only llama.cpp reads as GGUF.
        memory_mb: Memory that is free; converting the weights the first time takes 3 GB of it.
    """
    fast = [flag for flag in _FAST_FLAGS if flag in set(cpu_flags)]
    if adapter:
        return EngineChoice("llama.cpp", "the adapter is a GGUF file, which OpenVINO cannot apply")
    if not fast:
        return EngineChoice(
            "llama.cpp", "the processor has no AVX-512 VNNI, where alone OpenVINO was measured"
        )
    if not installed:
        return EngineChoice(
            "llama.cpp",
            f"OpenVINO would read prompts faster ({fast[0]}); to have it: pip install openvino-genai",
        )
    if memory_mb < _LEAST_MEMORY_MB:
        return EngineChoice(
            "llama.cpp",
            f"{memory_mb:,.0f} MB are free, OpenVINO's start needs {_LEAST_MEMORY_MB:,}",
        )
    return EngineChoice("openvino", f"{fast[0]}: OpenVINO reads prompts faster here")


def engine_here(*, adapter: bool = False) -> EngineChoice:
    """The engine for this machine, by what its kernel and its Python say."""
    return choose_engine(
        cpu_flags(),
        installed=importlib.util.find_spec("openvino_genai") is not None,
        adapter=adapter,
        memory_mb=free_memory_mb(),
    )


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """What the processor can do; nothing where that is not said as Linux on x86 says it."""
    if platform.machine() not in ("x86_64", "AMD64") or not cpuinfo.exists():
        return frozenset()
    for line in cpuinfo.read_text().splitlines():
        if line.startswith("flags"):
            return frozenset(line.partition(":")[2].split())
    return frozenset()


def free_memory_mb(meminfo: Path = Path("/proc/meminfo")) -> float:
    """Memory that a new process can have, MB; infinite where it is not known."""
    if not meminfo.exists():
        return float("inf")
    for line in meminfo.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1024
    return float("inf")
