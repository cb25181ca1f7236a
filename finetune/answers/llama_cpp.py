"""llama.cpp with a base and, if wanted, an adapter, in a process of its own on loopback.

A process of its own, because its threads never end by themselves.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from finetune.errors import GenerationError


@contextmanager
def llama_server(
    model: Path,
    adapter: Path | None = None,
    *,
    slots: int = 8,
    context_tokens: int = 1024,
    threads: int = 0,
) -> Iterator[str]:
    """Serve a GGUF model while the block runs.

    Args:
        model: GGUF weights.
        adapter: GGUF LoRA adapter, applied to every request.
        slots: Requests at once.
        context_tokens: Prompt and answer of one request, tokens.
        threads: 0 takes every core. On a machine busy with other work fewer are faster: its threads
            wait for each other by spinning.

    Yields:
        The base URL, ending in `/v1`.

    Raises:
        GenerationError: The server did not start.
    """
    for file in filter(None, (model, adapter)):
        if not file.is_file():
            raise GenerationError(
                f"{file} is missing", next_step="Check base.gguf, or run `export`"
            )
    command = [sys.executable, "-m", "finetune.answers.llama_cpp", str(model), str(adapter or "")]
    command += [str(slots), str(context_tokens), str(threads)]
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        address = _address(process.stdout)
        try:
            if not address:
                raise GenerationError(
                    f"llama.cpp cannot serve {model.name}: {_reason(log)}",
                    next_step="Check that the GGUF file is whole",
                )
            yield f"{address}/v1"
        finally:
            process.kill()


def _address(output: Iterator[str]) -> str:
    """The server's own address among whatever the library prints; empty if it ended before."""
    for line in output:
        if line.startswith("serving "):
            return line.split()[1]
    return ""


def _reason(log: IO[str]) -> str:
    """The first error that llama.cpp wrote."""
    log.seek(0)
    lines = [line.strip() for line in log if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["it ended without a word"])[0][:300]


def _serve(model: str, adapter: str, slots: int, context_tokens: int, threads: int) -> None:
    import xllamacpp

    threads = threads or len(os.sched_getaffinity(0))
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = context_tokens * slots
    params.n_parallel = slots
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.ui = False
    params.port = 0
    params.verbosity = 0
    if adapter:
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(adapter, 1.0)]
    server = xllamacpp.Server(params)
    print("serving", server.listening_address, flush=True)
    sys.stdin.read()  # until the parent ends, however it ends
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
