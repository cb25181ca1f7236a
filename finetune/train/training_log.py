"""What training tells as it goes: JSON lines, guards, samples, and a plot at the end."""

import math
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from finetune.config import Task
from finetune.data.batching import TokenCount
from finetune.errors import TrainingError
from finetune.run_folder import append_json_line, read_json_lines


class JsonLog(TrainerCallback):  # type: ignore[misc]
    """Appends every log entry of the trainer, with speed and memory, to a JSON lines file.

    Args:
        path: The file; a resumed run goes on in it.
        count: Of the tokens of this process.

    `seconds`, `useful_tokens` and `tokens` (padding included) sum the logged optimizer steps of the whole run,
    those before a resume included, evaluations left out. On many devices they are those of the first process.
    """

    def __init__(self, path: Path, count: TokenCount) -> None:
        self._path = path
        self._count = count
        self._since = (time.monotonic(), 0, 0)
        self.seconds, self.useful_tokens, self.tokens = 0.0, 0, 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock; a resumed run goes on from what it had counted at its checkpoint."""
        if state.global_step and self._path.exists():
            self._go_on_from(int(state.global_step))
        self._since = (time.monotonic(), self._count.useful, self._count.padded)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Write one entry; `loss` that is not finite ends the run."""
        if not state.is_world_process_zero:
            return
        entry = {"step": state.global_step, **logs}
        if "loss" in logs:
            entry |= self._speed()
        append_json_line(self._path, entry)
        if not math.isfinite(logs.get("loss", 0.0)):
            raise TrainingError(
                f"The loss is not finite at step {state.global_step}",
                next_step="Lower train.learning_rate, or take base.dtype=float32",
            )

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave the time of an evaluation out of the speed."""
        self._since = (time.monotonic(), self._count.useful, self._count.padded)

    def mean_loss(self) -> float:
        """Mean of the logged training losses, a step that was done twice counted once; nats per answer token."""
        losses: dict[int, float] = {
            entry["step"]: entry["loss"] for entry in read_json_lines(self._path) if "loss" in entry
        }
        return sum(losses.values()) / max(1, len(losses))

    def _go_on_from(self, step: int) -> None:
        entries = [entry for entry in read_json_lines(self._path) if "total_tokens" in entry]
        counted = [entry for entry in entries if entry["step"] <= step]
        if counted:
            last = max(counted, key=lambda entry: entry["step"])
            self.seconds = float(last["total_seconds"])
            self.useful_tokens, self.tokens = last["total_useful_tokens"], last["total_tokens"]

    def _speed(self) -> dict[str, float]:
        now = (time.monotonic(), self._count.useful, self._count.padded)
        seconds, useful, tokens = (new - old for new, old in zip(now, self._since, strict=True))
        self._since = now
        self.seconds += seconds
        self.useful_tokens += int(useful)
        self.tokens += int(tokens)
        return {
            "useful_tokens_per_s": round(useful / seconds, 1),
            "padding_share": round(1 - useful / tokens, 4) if tokens else 0.0,
            "peak_memory_gb": round(peak_memory_bytes() / 1e9, 2),
            "total_seconds": round(self.seconds, 1),
            "total_useful_tokens": self.useful_tokens,
            "total_tokens": self.tokens,
        }


class Interrupt(TrainerCallback):  # type: ignore[misc]
    """Turns the first Ctrl-C into a checkpoint and a clean stop; a second one stops at once."""

    def __init__(self) -> None:
        self.asked = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Take over Ctrl-C."""
        self._before = signal.signal(signal.SIGINT, self._ask)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Save and stop after the step at hand."""
        if self.asked:
            control.should_save = control.should_training_stop = True

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Give Ctrl-C back."""
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: Any) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self._before)
        print("Stopping after this step; a checkpoint will be kept.", file=sys.stderr)


class FinalEvaluation(TrainerCallback):  # type: ignore[misc]
    """Evaluates and saves at the last step too, wherever `eval_every` falls."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ask for both at the last step."""
        if state.global_step >= state.max_steps:
            control.should_evaluate = control.should_save = True


class Samples(TrainerCallback):  # type: ignore[misc]
    """Greedy answers to a few fixed rows at each evaluation, scored with BLEU.

    Args:
        path: The training log.
        answer: Gives (predictions, BLEU in 0..1) of the model as it is.
    """

    def __init__(self, path: Path, answer: Callable[[Any], tuple[list[str], float]]) -> None:
        self._path = path
        self._answer = answer

    def on_evaluate(
        self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any
    ) -> None:
        """Generate, score and log."""
        predictions, bleu = self._answer(model)
        entry = {"step": state.global_step, "sample_bleu4": bleu, "samples": predictions}
        append_json_line(self._path, entry)


def peak_memory_bytes() -> int:
    """Most memory held so far: of the GPU where one is used, else of this process."""
    import torch

    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes on macOS, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


_LOSS_OF = {"dpo": "pair", "pretraining": "token"}


def plot_loss(log: Path, picture: Path, task: Task = "sft") -> None:
    """Draw training and validation loss over the optimizer steps of a run of `task`."""
    from matplotlib.figure import Figure

    entries = list(read_json_lines(log))
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    for key, label, style in (("loss", "training", "-"), ("eval_loss", "validation", "o-")):
        points = sorted({entry["step"]: entry[key] for entry in entries if key in entry}.items())
        if points:
            axes.plot(*zip(*points, strict=True), style, label=label, linewidth=1.2, markersize=4)
    axes.set_xlabel("optimizer step")
    axes.set_ylabel(f"loss, nats per {_LOSS_OF.get(task, 'answer token')}")
    axes.legend()
    figure.savefig(picture, dpi=110)
