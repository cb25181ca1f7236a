"""OpenVINO GenAI as the backend of a chat engine, from the GGUF weights that llama.cpp reads too.

The first start converts the GGUF file once, into a folder beside the program's other data: a model read from
there is mapped into memory, while one read from GGUF is unpacked into it, 1.2 GB more (measured).
"""

import ctypes
import re
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from rag_agent.model.openvino.adapters import name_layers, safetensors_of
from rag_agent.model.openvino.engine import Generated
from rag_agent.model.openvino.prefix_ledger import BLOCK_TOKENS
from rag_agent.model.openvino.protocol import ChatRequest, Finish, RefusedRequest

# Prompt tokens computed at a time. A request can be given up only between two batches, which at 90 tokens/s
# (two busy cores) are 1.4 s apart, at 170 (quiet) 0.8; larger batches were not faster.
_BATCH_TOKENS = 128
_PIECE_CHARS = 2000  # at most 4 bytes a character and one token a byte: 8,000 tokens
_SEAM = re.compile(r"(?<=\n)(?=\S)|(?<=\S)(?= \S)")
_DONT_NEED = 4  # MADV_DONTNEED; MADV_PAGEOUT leaves what another process has mapped too
_CONVERTED = "openvino_model.xml"
_VOCABULARY = "vocabulary.gguf"

# GGUF, version 3: sizes of the fixed-length value types by their number.
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_HEADER_BYTES = 24


class OpenVinoModel:
    """Weights and tokenizer in OpenVINO's continuous batching pipeline, on the CPU.

    Args:
        weights: GGUF file.
        converted: Folder of the converted model, filled if it is empty.
        slots: Requests computed at once; more of them wait inside the pipeline.
        cache_tokens: Tokens whose keys and values are kept, of running requests and of earlier prompts.
        threads: Threads; 0 takes every core.
        adapter: LoRA adapter in GGUF, applied to every request; None: none.

    Raises:
        ModelUnavailable: The adapter cannot be applied.
    """

    def __init__(
        self,
        weights: Path,
        converted: Path,
        slots: int,
        cache_tokens: int,
        threads: int,
        adapter: Path | None = None,
    ) -> None:
        import openvino_genai

        convert(weights, converted)
        self.name = weights.stem
        self.cache_blocks = cache_tokens // BLOCK_TOKENS
        self._genai = openvino_genai
        self._tokenizer = openvino_genai.Tokenizer(converted / _VOCABULARY)
        self._ends = {self._tokenizer.get_eos_token_id(), self._tokenizer.get_pad_token_id()}
        self._raw = {number: raw for raw, number in self._tokenizer.get_vocab().items()}
        self._pipeline = openvino_genai.ContinuousBatchingPipeline(
            converted,
            self._tokenizer,
            self._scheduler(slots),
            "CPU",
            **({"INFERENCE_NUM_THREADS": threads} if threads else {}),
            **(self._adapted(converted, adapter) if adapter else {}),
        )
        self._number = 0
        self._warm_up()
        release_mapped(converted)

    def encode(self, turns: Sequence[dict[str, str]]) -> list[int]:
        """The token ids of a conversation in the model's chat template."""
        text = self._tokenizer.apply_chat_template(list(turns), add_generation_prompt=True)
        ids: list[int] = []
        for piece in encodable(text):
            encoded = self._tokenizer.encode(piece, add_special_tokens=False).input_ids
            ids += (int(number) for number in encoded.data[0])
        return ids

    def raw(self, token: int) -> bytes:
        """The bytes of a token; empty for those that only steer, such as the end of a turn."""
        raw = self._raw.get(token, b"")
        return b"" if raw.startswith(b"<|") and raw.endswith(b"|>") else raw

    def start(self, prompt: list[int], max_tokens: int, request: ChatRequest) -> "_Running":
        """Take a request in.

        Raises:
            RefusedRequest: Its JSON schema cannot be turned into a grammar.
        """
        import numpy
        import openvino

        self._number += 1
        ids = openvino.Tensor(numpy.array([prompt], dtype=numpy.int64))
        try:
            config = self._config(max_tokens, request)
            return _Running(self._pipeline.add_request(self._number, ids, config), self._genai)
        except RuntimeError as error:
            raise RefusedRequest(
                f"The request cannot be met: {str(error).strip().splitlines()[-1][:200]}",
                "invalid_request_error",
            ) from error

    def step(self) -> None:
        """Compute one batch."""
        if self._pipeline.has_non_finished_requests():
            self._pipeline.step()

    def _adapted(self, converted: Path, adapter: Path) -> dict[str, Any]:
        """The pipeline's option for an adapter, part of the compiled model: one that can be switched is ignored for
        requests that are added while others run (2026.4.1)."""
        name_layers(converted / _CONVERTED)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "adapter.safetensors"
            safetensors_of(adapter, file)
            loaded = self._genai.Adapter(file)
        static = self._genai.AdapterConfig.Mode.MODE_STATIC
        return {"adapters": self._genai.AdapterConfig(loaded, 1.0, mode=static)}

    def _scheduler(self, slots: int) -> Any:
        scheduler = self._genai.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.num_kv_blocks = self.cache_blocks
        scheduler.max_num_batched_tokens = _BATCH_TOKENS
        scheduler.max_num_seqs = slots
        return scheduler

    def _config(self, max_tokens: int, request: ChatRequest) -> Any:
        config = self._genai.GenerationConfig()
        config.max_new_tokens = max_tokens
        config.set_eos_token_id(self._tokenizer.get_eos_token_id())
        config.stop_token_ids = self._ends
        config.logprobs = int(request.logprobs)
        if request.temperature > 0:
            config.do_sample = True
            config.temperature = request.temperature
            config.top_p = request.top_p
            config.rng_seed = request.seed if request.seed is not None else self._number
        if request.json_schema:
            config.structured_output_config = self._genai.StructuredOutputConfig(
                json_schema=request.json_schema
            )
        config.validate()
        return config

    def _warm_up(self) -> None:
        """The first inference packs the weights anew, for seconds; no question should wait for it."""
        request = ChatRequest(messages=[{"role": "user", "content": "Hi"}], temperature=0)
        running = self.start(self.encode(request.turns), 1, request)
        while running.take().finish is None:
            self.step()


class _Running:
    def __init__(self, handle: Any, genai: Any) -> None:
        self._handle = handle
        self._genai = genai
        self._cancelled = False

    def take(self) -> Generated:
        """What came since the last call."""
        ids: list[int] = []
        logprobs: list[float] = []
        finish: Finish | None = None
        reasons = self._genai.GenerationFinishReason
        while self._handle.can_read():
            for output in self._handle.read().values():
                ids += output.generated_ids
                logprobs += output.generated_log_probs
                if output.finish_reason != reasons.NONE:
                    finish = "length" if output.finish_reason == reasons.LENGTH else "stop"
        return Generated(tuple(ids), tuple(logprobs), finish or self._ended_otherwise())

    def cancel(self) -> None:
        """End it at the next step."""
        self._cancelled = True
        self._handle.cancel()

    def _ended_otherwise(self) -> Finish | None:
        """A request that found no room in the cache ends without a reason."""
        ignored = self._genai.GenerationStatus.IGNORED
        return "length" if self._handle.get_status() == ignored else None


def encodable(text: str) -> Iterator[str]:
    """The text in pieces that the tokenizer takes whole.

    OpenVINO's tokenizer of a GGUF file drops what comes after 8,192 tokens and says nothing, whatever
    `max_length` and `truncation` are (2026.4.1). The pieces end where Qwen's tokens end in any case: after a
    line, else before a single space; only inside a word longer than a piece could a token be cut.
    """
    start = 0
    while len(text) - start > _PIECE_CHARS:
        seams = _SEAM.finditer(text, start + 1, start + _PIECE_CHARS)
        end = max((seam.start() for seam in seams), default=start + _PIECE_CHARS)
        yield text[start:end]
        start = end
    yield text[start:]


def convert(weights: Path, folder: Path) -> None:
    """Turn GGUF weights into OpenVINO's format, once; a conversion that was cut off is done again.

    Takes 1.3 GB on disk and 17 s for the 1.5B model (measured).
    """
    import openvino_genai

    if (folder / _CONVERTED).is_file():
        return
    part = folder.with_name(folder.name + ".part")
    part.mkdir(parents=True, exist_ok=True)
    link = part / "model.gguf"
    link.unlink(missing_ok=True)
    link.symlink_to(weights)  # the converter writes beside the file that it reads
    scheduler = openvino_genai.SchedulerConfig()
    openvino_genai.ContinuousBatchingPipeline(
        link, scheduler, "CPU", {"enable_save_ov_model": True}
    )
    link.unlink()
    (part / _VOCABULARY).write_bytes(vocabulary(weights))
    part.rename(folder)


def release_mapped(folder: Path) -> None:
    """Give back the memory of the files in this folder that are mapped but no longer read.

    The first inference packs the weights into memory of its own, 1.0 GB for the 1.5B model; the 1.2 GB of the
    mapped file would stay resident beside it. A page that is read again all the same comes back from the file.
    """
    with suppress(OSError, AttributeError):  # not Linux: more memory, nothing else
        libc = ctypes.CDLL(None, use_errno=True)
        mapped_from = str(folder.resolve())  # a data folder may be a link
        for line in Path("/proc/self/maps").read_text().splitlines():
            if mapped_from in line and line.split()[1].startswith("r--"):  # nothing written is lost
                start, end = (int(address, 16) for address in line.split()[0].split("-"))
                libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONT_NEED)


def vocabulary(weights: Path) -> bytes:
    """A GGUF file of the same metadata, tokenizer included, and no tensors.

    OpenVINO's tokenizer is made from it in 4 s instead of 7 from the whole file (measured).
    """
    with weights.open("rb") as file:
        magic, version, _, fields = struct.unpack("<4sIQQ", file.read(_HEADER_BYTES))
        for _ in range(fields):
            _skip(file, _STRING)
            _skip(file, _number(file, "I"))
        end = file.tell()
        file.seek(_HEADER_BYTES)
        return struct.pack("<4sIQQ", magic, version, 0, fields) + file.read(end - _HEADER_BYTES)


def _skip(file: BinaryIO, kind: int) -> None:
    """Go past one value of a GGUF file."""
    if kind == _STRING:
        file.seek(_number(file, "Q"), 1)
        return
    if kind != _ARRAY:
        file.seek(_SIZES[kind], 1)
        return
    of, length = _number(file, "I"), _number(file, "Q")
    if of in _SIZES:
        file.seek(_SIZES[of] * length, 1)
        return
    for _ in range(length):
        _skip(file, of)


def _number(file: BinaryIO, code: str) -> int:
    (number,) = struct.unpack("<" + code, file.read(struct.calcsize("<" + code)))
    return int(number)
