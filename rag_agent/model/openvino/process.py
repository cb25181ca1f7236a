"""OpenVINO's engine with local weights behind OpenAI's protocol, in a process of its own on loopback.

The counterpart of `llama_server` for processors with AVX-512, where it reads prompts about twice as fast:
found, started, kept and stopped in the same way.
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

_START_TIMEOUT_S = (
    300.0  # converting and loading took 40 s on two busy cores; a slower disk adds to it
)
_LOOK_S = 2.0

# Tokens kept of earlier prompts, beside those of the requests that run. A token of the 1.5B model takes 16.6 kB
# (371 MB for 700 blocks of 32), so these are 136 MB, eight prompts of a thousand tokens.
_KEPT_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class OpenVinoConfig:
    """What a server is started with; equal configurations share one server.

    Args:
        model: GGUF weights.
        context_tokens: Context of one request, tokens.
        slots: Requests answered at once.
        threads: Threads; 0 takes every core.
        keep_alive_s: Seconds after the last use until it ends.
        adapter: GGUF LoRA adapter, applied to every request; empty: none.
    """

    model: str
    context_tokens: int
    slots: int
    threads: int
    keep_alive_s: float
    adapter: str = ""

    def announcement(self, home: Path) -> Path:
        """The file in which this server says where it listens; its age is the time since the last use."""
        digest = hashlib.blake2b(json.dumps(asdict(self)).encode(), digest_size=6).hexdigest()
        return home / "run" / f"openvino-{digest}.json"

    def converted(self, home: Path) -> Path:
        """Where the model lies in OpenVINO's format; another file of the same name gets another place."""
        file = Path(self.model)
        stat = file.stat()
        digest = hashlib.blake2b(
            f"{file} {stat.st_size} {stat.st_mtime_ns}".encode(), digest_size=6
        ).hexdigest()
        return home / "weights" / "openvino" / f"{file.stem}-{digest}"


def ensure(config: OpenVinoConfig, home: Path) -> Service:
    """The server of this configuration, started if there is none. Counts as a use.

    Raises:
        ModelUnavailable: It did not start; the message holds the last line of its log.
    """
    return server_process.ensure(
        config.announcement(home),
        "rag_agent.model.openvino.process",
        [str(config.converted(home)), json.dumps(asdict(config))],
        _START_TIMEOUT_S,
        f"{Path(config.model).name} in OpenVINO",
    )


def touch(config: OpenVinoConfig, home: Path) -> None:
    """Note a use, so that the server stays."""
    loopback_service.touch(config.announcement(home))


def stop_all(home: Path) -> None:
    """End every OpenVINO server of this data folder."""
    for announcement in (home / "run").glob("openvino-*.json"):
        loopback_service.stop(announcement)


def serve(
    announcement: Path, converted: Path, config: OpenVinoConfig, ended: threading.Event
) -> None:
    """Load the weights and serve until unused for `keep_alive_s` or told to end."""
    from rag_agent.model.openvino.engine import ChatEngine
    from rag_agent.model.openvino.http_server import ChatServer
    from rag_agent.model.openvino.model import OpenVinoModel

    cache_tokens = config.context_tokens * config.slots + _KEPT_TOKENS
    model = OpenVinoModel(
        Path(config.model),
        converted,
        config.slots,
        cache_tokens,
        config.threads,
        Path(config.adapter) if config.adapter else None,
    )
    server = ChatServer(ChatEngine(model, config.context_tokens), secrets.token_urlsafe(24))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    loopback_service.announce(announcement, Service(server.port, os.getpid(), server.token))
    while not ended.wait(_LOOK_S):
        unused_s = min(loopback_service.unused_s(announcement), server.calls.idle_s())
        if unused_s >= config.keep_alive_s:
            break
    announcement.unlink(missing_ok=True)
    os._exit(0)  # a batch that is computed would hold the end up


if __name__ == "__main__":
    config = OpenVinoConfig(**json.loads(sys.argv[3]))
    serve(Path(sys.argv[1]), Path(sys.argv[2]), config, loopback_service.as_service())
