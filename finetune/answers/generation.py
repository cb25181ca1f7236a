"""Greedy answers in batches: in process with transformers, or from an OpenAI-compatible server."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from finetune.errors import GenerationError

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote.

    Args:
        text: Without the end token.
        tokens: Length, end token included.
        ended: It ended by itself; otherwise it was cut at the limit.
    """

    text: str
    tokens: int
    ended: bool


Generate = Callable[[Sequence[Sequence[int]], int], Iterator[tuple[int, Answer]]]
"""Takes prompts (token ids) and a limit of new tokens; gives (prompt number, answer) as they come."""


def with_transformers(model: Any, tokenizer: Any, batch_tokens: int) -> Generate:
    """Generate in process.

    Prompts of like length share a batch, padded on the left, so that in float32 each answer equals
    the one the model gives alone.

    Args:
        model: In evaluation mode.
        tokenizer: Its tokenizer.
        batch_tokens: Prompt and answer tokens in one batch, padding included; bounds the memory.
    """

    def generate(
        prompts: Sequence[Sequence[int]], max_new_tokens: int
    ) -> Iterator[tuple[int, Answer]]:
        for numbers in _batches([len(ids) for ids in prompts], max_new_tokens, batch_tokens):
            answers = answer_batch(
                model, tokenizer, [prompts[number] for number in numbers], max_new_tokens
            )
            yield from zip(numbers, answers, strict=True)

    return generate


def answer_batch(
    model: Any, tokenizer: Any, prompts: Sequence[Sequence[int]], max_new_tokens: int
) -> list[Answer]:
    """Greedy answers to one batch of prompts, the prompts stripped.

    Leaves the model in the mode, training or evaluation, it was in.
    """
    import torch

    length = max(len(ids) for ids in prompts)
    pad = tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (length - len(prompt)) + [*prompt] for prompt in prompts])
    mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(model.device),  # (B, L)
                attention_mask=mask.to(model.device),
                max_new_tokens=max_new_tokens,
                do_sample=False,
                use_cache=True,
                pad_token_id=pad,
                eos_token_id=tokenizer.eos_token_id,
            )
    finally:
        model.train(training)
    return [_answer(tokenizer, row) for row in output[:, length:].tolist()]


def with_server(base_url: str, model: str, slots: int, timeout_s: float, **extra: Any) -> Generate:
    """Generate on a server that takes token ids on `/completions`, as vLLM and llama.cpp do.

    Token ids, not messages, so that the server's own template has no say.

    Args:
        base_url: Ends in `/v1`.
        model: Model name on that server.
        slots: Requests at once.
        timeout_s: Longest wait for one answer, seconds.
        extra: Further fields of each request, such as llama.cpp's `lora`.
    """
    import httpx

    def generate(
        prompts: Sequence[Sequence[int]], max_new_tokens: int
    ) -> Iterator[tuple[int, Answer]]:
        body = {"model": model, "temperature": 0.0, "max_tokens": max_new_tokens, **extra}
        client = httpx.Client(base_url=base_url, timeout=timeout_s)
        with closing(client), ThreadPoolExecutor(slots) as pool:
            waiting = {
                pool.submit(_complete, client, {**body, "prompt": list(ids)}): number
                for number, ids in enumerate(prompts)
            }
            try:
                for done in as_completed(waiting):
                    yield waiting[done], done.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    return generate


def _complete(client: Any, body: dict[str, Any]) -> Answer:
    import httpx

    for attempt in range(_TRIES):
        try:
            reply = client.post("completions", json=body)
            reply.raise_for_status()
            choice = reply.json()["choices"][0]
            return Answer(
                text=str(choice["text"]),
                tokens=int(reply.json()["usage"]["completion_tokens"]),
                ended=choice["finish_reason"] == "stop",
            )
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            refused = isinstance(error, httpx.HTTPStatusError) and error.response.is_client_error
            if refused or attempt == _TRIES - 1:
                raise GenerationError(
                    f"The server at {client.base_url} does not answer: {error}",
                    next_step="Start it and run `evaluate` again; finished answers are kept",
                ) from error
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise GenerationError(
                f"The server at {client.base_url} sent no OpenAI completion",
                next_step="It must accept token ids on /completions, as vLLM and llama.cpp do",
            ) from error
    raise AssertionError("unreachable: the last attempt returns or raises")


def _batches(lengths: Sequence[int], max_new_tokens: int, batch_tokens: int) -> Iterator[list[int]]:
    """Row numbers sorted by length, longest first so that a lack of memory shows at once."""
    order = sorted(range(len(lengths)), key=lambda number: -lengths[number])
    start = 0
    while start < len(order):
        rows = max(1, batch_tokens // (lengths[order[start]] + max_new_tokens))
        yield order[start : start + rows]
        start += rows


def _answer(tokenizer: Any, ids: list[int]) -> Answer:
    ended = tokenizer.eos_token_id in ids
    if ended:
        ids = ids[: ids.index(tokenizer.eos_token_id)]
    text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return Answer(text=text, tokens=len(ids) + ended, ended=ended)
