"""llama.cpp's OpenAI-compatible server with local weights, in a process of its own on loopback.

A process of its own because loading weights holds Python's interpreter lock for seconds: here the rest of
the program goes on meanwhile. It stays for `keep_alive_s` after its last use, so a second question, also
from another program of the same user, finds it warm and its prompt cache filled.
"""

import hashlib
import json
import os
import secrets
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from ingestion.machine import loopback_service
from ingestion.machine.loopback_service import Service
from rag_agent.model import server_process

_START_TIMEOUT_S = 180.0  # loading 1.1 GB took 6 s from a warm disk; a cold or busy one is slower
_LOOK_S = 2.0


# Of prompts kept beside those in the slots: about nine of 1,000 tokens. With it and the weights read instead of mapped
# the 1.5B server has 1.7 GB loaded and 2.05 after 15 prompts; with 1024 and mapped weights, which count beside their
# repacked copy, it was seen at 4.1 GB (24 November 2026).
_PROMPT_CACHE_MB = 256


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """What a server is started with; equal configurations share one server.

    Args:
        model: GGUF weights.
        adapters: GGUF LoRA adapters, loaded but applied only to requests that ask for them, by their place here.
        context_tokens: Context of one request, tokens.
        slots: Requests answered at once.
        threads: Threads; 0 takes every core.
        keep_alive_s: Seconds after the last use until it ends.
    """

    model: str
    adapters: tuple[str, ...]
    context_tokens: int
    slots: int
    threads: int
    keep_alive_s: float

    def announcement(self, home: Path) -> Path:
        """The file in which this server says where it listens; its age is the time since the last use."""
        digest = hashlib.blake2b(json.dumps(asdict(self)).encode(), digest_size=6).hexdigest()
        return home / "run" / f"llama-{digest}.json"


def ensure(config: LlamaConfig, home: Path) -> Service:
    """The server of this configuration, started if there is none. Counts as a use.

    Raises:
        ModelUnavailable: It did not start; the message holds the last line of its log.
    """
    return server_process.ensure(
        config.announcement(home),
        "rag_agent.model.llama_server",
        [json.dumps(asdict(config))],
        _START_TIMEOUT_S,
        Path(config.model).name,
    )


def touch(config: LlamaConfig, home: Path) -> None:
    """Note a use, so that the server stays."""
    loopback_service.touch(config.announcement(home))


def stop_all(home: Path) -> None:
    """End every llama.cpp server of this data folder."""
    for announcement in (home / "run").glob("llama-*.json"):
        loopback_service.stop(announcement)


def serve(announcement: Path, config: LlamaConfig, ended: threading.Event) -> None:
    """Load the weights and serve until unused for `keep_alive_s` or told to end."""
    import xllamacpp

    token = secrets.token_urlsafe(24)
    threads = config.threads or len(os.sched_getaffinity(0))
    params = xllamacpp.CommonParams()
    params.model.path = config.model
    params.n_ctx = config.context_tokens * config.slots
    params.n_parallel = config.slots
    params.cache_ram_mib = _PROMPT_CACHE_MB
    params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.api_keys = [token]
    params.ui = False
    params.port = 0
    params.verbosity = 0
    if config.adapters:
        params.lora_adapters = [
            xllamacpp.CommonAdapterLoraInfo(adapter, 0.0) for adapter in config.adapters
        ]
        params.lora_init_without_apply = True
    server = xllamacpp.Server(params)
    port = int(server.listening_address.rsplit(":", 1)[-1])
    loopback_service.announce(announcement, Service(port=port, pid=os.getpid(), token=token))
    while not ended.wait(_LOOK_S) and loopback_service.unused_s(announcement) < config.keep_alive_s:
        pass
    announcement.unlink(missing_ok=True)
    os._exit(0)  # the server's own threads never end by themselves


if __name__ == "__main__":
    config = LlamaConfig(**json.loads(sys.argv[2]))
    serve(Path(sys.argv[1]), config, loopback_service.as_service())
