"""One strict YAML describes one run: an unknown key is an error, an impossible combination too."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from finetune.errors import ConfigError

Format = Literal["alpaca", "messages", "sharegpt", "prompt", "pairs", "text", "reader", "passages"]
Task = Literal["sft", "dpo", "pretraining", "reader", "embedding", "reranker"]
Backend = Literal["transformers", "llama.cpp", "server"]


def _expanded(text: str) -> str:
    is_path = text.startswith(("~", "$", ".", "/"))
    return str(Path(os.path.expandvars(text)).expanduser()) if is_path else text


Location = Annotated[str, AfterValidator(_expanded)]
"""A path with `~` and `$VARIABLES` allowed, or a name on the Hugging Face hub."""


def _by_this_python(command: tuple[str, ...]) -> tuple[str, ...]:
    """`python` is the one that runs, whichever the shell would find: only that one surely has what is needed."""
    return (sys.executable, *command[1:]) if command[:1] == ("python",) else command


Command = Annotated[tuple[str, ...], AfterValidator(_by_this_python)]
"""A program and its arguments."""


class Section(BaseModel):
    """Base of every section: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class BaseModelConfig(Section):
    """The model that is tuned."""

    weights: Location = Field(description="Local folder, GGUF file, or name on the hub")
    revision: str = Field("main", description="Revision on the hub")
    licence: str = Field(description="Licence of the weights, for the model card")
    dtype: Literal["auto", "bfloat16", "float32"] = Field(
        "auto",
        description="Of the frozen weights; auto: the one that this machine multiplies faster",
    )
    quantization: Literal["none", "nf4"] = Field(
        "none", description="nf4: 4-bit NormalFloat with double quantization (Dettmers et al. 2023)"
    )
    gguf: Location = Field("", description="The same base as GGUF, which llama.cpp serves")


class Source(Section):
    """One file of rows."""

    path: Location = Field("", description="Local .json or .jsonl file")
    hub: str = Field("", description="Data set on the hub, OWNER/NAME")
    file: str = Field("", description="File within that data set")
    format: Format = Field(description="Which fields hold the question and the answer")
    answer_field: str = Field("", description="Field of the answer, where it has another name")
    prompt_file: Location = Field(
        "", description="reader: the agent's prompt, see data/reader_rows.py"
    )
    licence: str = Field(description="Licence of the data, for the model card")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.path) == bool(self.hub) or bool(self.hub) != bool(self.file):
            raise ValueError("name either `path`, or `hub` together with `file`")
        return self


class SeedSource(Section):
    """Where tasks come from that are evolved and solved: a file, or the doctests of an installed package."""

    path: Location = Field("", description="Local .json or .jsonl file")
    package: str = Field("", description="Name of an installed package, such as ftfy")
    format: Literal["problems", "alpaca"] = Field(
        "problems", description="problems: with tests, as MBPP; alpaca: bare instructions"
    )
    answer_field: str = Field("", description="Field of the answer, where it has another name")
    licence: str = Field(description="Carried along with every row that comes of it")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.path) == bool(self.package):
            raise ValueError("name either `path` or `package`")
        return self


class EvolveConfig(Section):
    """Rows that run: tasks evolved from seeds, solved by the model itself, tested."""

    seeds: tuple[SeedSource, ...] = ()
    rounds: int = Field(
        1, ge=0, le=5, description="Operators applied to each seed; 0: the seeds alone"
    )
    most_seeds: int = Field(0, ge=0, description="Seeds at most; 0 takes all")
    held_back: int = Field(0, ge=0, description="Tested seeds kept apart to measure on")
    samples: int = Field(8, ge=2, description="Solutions drawn for each task")
    temperature: float = Field(0.8, gt=0, description="Of the samples; 0.8 as Chen et al. 2021")
    max_new_tokens: int = Field(384, ge=16, description="Longest solution")
    keep: tuple[int, int] = Field(
        (1, 7), description="Fewest and most right samples of a kept task"
    )
    rows_per_task: int = Field(2, ge=1, description="Right samples, and pairs, taken of one task")
    benchmarks: tuple[Location, ...] = Field((), description="Files whose look-alikes are left out")


class TeacherConfig(Section):
    """Distillation: whose answers are learned, and to which questions."""

    gguf: Location = Field(
        "", description="The teacher's weights as GGUF, served here by llama.cpp"
    )
    base_url: str = Field(
        "", description="Or the teacher's server, such as http://127.0.0.1:8000/v1"
    )
    name: str = Field("teacher", description="Its name on that server")
    questions: tuple[Source, ...] = Field((), description="Rows whose questions are asked")
    problems: tuple[SeedSource, ...] = Field(
        (), description="Files of problems; right answers are kept"
    )
    most: int = Field(0, ge=0, description="Questions at most; 0 asks all")
    max_new_tokens: int = Field(512, ge=16, description="Longest answer")


class DataConfig(Section):
    """Which rows, and how they are cleaned and split."""

    sources: tuple[Source, ...] = Field(min_length=1)
    max_tokens: int = Field(
        2048, ge=16, description="Longest rendered row, tokens; longer rows drop"
    )
    validation_rows: int = Field(8000, ge=1)
    test_rows: int = Field(8000, ge=1)
    train_rows: int = Field(0, ge=0, description="Rows to train on at most; 0 takes all")
    similarity: float = Field(
        0.6,
        gt=0,
        le=1,
        description="Estimated Jaccard of word 3-grams that joins rows in one cluster",
    )
    humaneval: Location = Field(
        "", description="HumanEval.jsonl(.gz), whose look-alikes are removed"
    )
    max_invalid: float = Field(
        0.01, ge=0, le=1, description="Share of invalid rows that is tolerated"
    )
    expected_rows: int = Field(0, ge=0, description="Rows to plan with before `prepare` has run")


class LoraSection(Section):
    """The adapter (Hu et al. 2021)."""

    rank: int = Field(8, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    targets: tuple[str, ...] = Field(("q_proj", "v_proj"), min_length=1)
    last_layers: int = Field(
        0,
        ge=0,
        description="Adapt only so many of the last layers, and learn through them alone; 0: all",
    )


class SampleConfig(Section):
    """Greedy answers to a fixed few validation rows at each evaluation."""

    rows: int = Field(0, ge=0, description="0 switches it off")
    max_new_tokens: int = Field(256, ge=1)


class TrainConfig(Section):
    """How the adapter is trained."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    learning_rate: float = Field(2e-4, gt=0)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_steps: int = Field(0, ge=0)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    effective_batch: int = Field(16, ge=1, description="Rows in one optimizer step, all devices")
    device_batch: int = Field(4, ge=1, description="Rows in one forward pass of one device")
    epochs: float = Field(1.0, gt=0)
    max_steps: int = Field(0, ge=0, description="Optimizer steps at most; 0 follows `epochs`")
    eval_every: int = Field(
        2000, ge=1, description="Optimizer steps between evaluations and checkpoints"
    )
    patience: int = Field(
        3, ge=0, description="Evaluations without a better loss before it stops; 0: never"
    )
    batching: Literal["length_grouped", "padded_to_max"] = Field(
        "length_grouped", description="padded_to_max is the plain way, kept to measure against"
    )
    kl_weight: float = Field(
        0.0,
        ge=0,
        description="Weight of KL(tuned ‖ base), nats a trained token; holds against forgetting",
    )
    beta: float = Field(
        0.1,
        gt=0,
        description="dpo: how dear it is to leave the base (Rafailov et al. 2023, arXiv:2305.18290)",
    )
    gradient_checkpointing: bool = False
    log_every: int = Field(1, ge=1)
    fsdp: bool = Field(False, description="Shard the weights over many GPUs (FSDP 2)")
    sample: SampleConfig = SampleConfig()


class EvaluateConfig(Section):
    """How base and tuned are compared."""

    backend: Backend = Field("transformers", description="What generates")
    base_url: str = Field("", description="Of the server, such as http://127.0.0.1:8000/v1")
    base_name: str = Field("base", description="Model name of the base on that server")
    tuned_name: str = Field("tuned", description="Model name of the adapter on that server")
    rows: int = Field(0, ge=0, description="Test rows to answer; 0 takes all")
    max_new_tokens: int = Field(512, ge=1)
    batch_tokens: int = Field(
        4096, ge=64, description="Prompt and answer tokens in one batch (transformers)"
    )
    slots: int = Field(8, ge=1, le=256, description="Requests at once (llama.cpp and server)")
    threads: int = Field(0, ge=0, description="Threads of llama.cpp; 0 takes every core")
    timeout_s: float = Field(600.0, gt=0, description="Longest wait for one answer, seconds")
    humaneval_problems: int = Field(
        0, ge=0, description="Problems to solve; 0 switches HumanEval off"
    )
    humaneval_max_new_tokens: int = Field(384, ge=1)
    runner: Command = Field(
        (), description="Sandbox command; {file} becomes the program, exit status 0 means passed"
    )
    runner_timeout_s: float = Field(60.0, gt=0, description="Longest run of one program, seconds")


class PromoteConfig(Section):
    """When what was tuned is put in force in the agent."""

    judge: Command = Field(
        (),
        description="Command of the agent's side that prints, last, a JSON object whose `passed` gives each problem "
        "its share of solved attempts; called as it is, and with the new model in its environment's settings",
    )
    min_gain: float = Field(
        0.0,
        ge=0,
        description="What the lower end of the paired 95 % interval of the gain must exceed",
    )
    min_problems: int = Field(100, ge=1, description="Fewer problems decide nothing")


_ANSWERS = ("alpaca", "messages", "sharegpt", "prompt")
_FORMATS: dict[str, tuple[str, ...]] = {
    "dpo": ("pairs",),
    "pretraining": ("text",),
    "reader": ("reader",),
    "embedding": ("passages",),
    "reranker": ("passages",),
}


class Config(Section):
    """Everything one run needs."""

    task: Task = Field(
        "sft",
        description="sft: answers; dpo: better of two answers; pretraining: plain text; reader: an answer or "
        "'not stated' from numbered sentences; embedding, reranker: passages for questions",
    )
    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="Also the run's folder"
    )
    runs: Location = Field("runs", description="Folder of all runs")
    seed: int = Field(17, ge=0)
    system: str | None = Field(
        None, description="System prompt; null leaves it to the chat template"
    )
    base: BaseModelConfig
    data: DataConfig
    lora: LoraSection = LoraSection()
    evolve: EvolveConfig = EvolveConfig()
    distill: TeacherConfig = TeacherConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    promote: PromoteConfig = PromoteConfig()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        train, evaluate = self.train, self.evaluate
        if train.effective_batch % train.device_batch:
            raise ValueError("train.effective_batch must be a multiple of train.device_batch")
        if train.fsdp and train.device == "cpu":
            raise ValueError("train.fsdp shards over GPUs; with train.device cpu leave it off")
        if train.fsdp and self.base.quantization == "nf4":
            raise ValueError("base.quantization nf4 cannot be sharded here; leave train.fsdp off")
        if self.base.quantization == "nf4" and self.base.weights.endswith(".gguf"):
            raise ValueError("base.quantization nf4 needs 16-bit weights, not a GGUF file")
        wanted = _FORMATS.get(self.task, _ANSWERS)
        if any(source.format not in wanted for source in self.data.sources):
            raise ValueError(f"task {self.task} needs data.sources of format {' or '.join(wanted)}")
        if self.task in ("embedding", "reranker") and self.base.weights.endswith(".gguf"):
            raise ValueError(f"task {self.task} needs base.weights of sentence-transformers' form")
        if train.kl_weight and self.task == "dpo":
            raise ValueError(
                "train.kl_weight is for answers; dpo stays near the base by train.beta"
            )
        if evaluate.backend == "server" and not evaluate.base_url:
            raise ValueError("evaluate.backend server needs evaluate.base_url")
        if evaluate.backend == "llama.cpp" and not self.base.gguf:
            raise ValueError("evaluate.backend llama.cpp needs base.gguf")
        if evaluate.humaneval_problems and not (self.data.humaneval and evaluate.runner):
            raise ValueError("evaluate.humaneval_problems needs data.humaneval and evaluate.runner")
        if self.evolve.seeds and not (self.base.gguf and evaluate.runner):
            raise ValueError("evolve.seeds needs base.gguf and evaluate.runner")
        if self.distill.problems and not evaluate.runner:
            raise ValueError("distill.problems needs evaluate.runner")
        if evaluate.runner and not any("{file}" in part for part in evaluate.runner):
            raise ValueError("evaluate.runner needs {file} where the program's path goes")
        return self

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(self.runs) / self.name


def load_config(path: Path, overrides: tuple[str, ...] = ()) -> Config:
    """Read a YAML file.

    Args:
        path: The file.
        overrides: `dotted.key=value`, the value in YAML.

    Raises:
        ConfigError: No such file, not YAML, an unknown key, a value out of range or an
            impossible combination. Names the key.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no mapping of keys", next_step="See finetune/configs")
    for override in overrides:
        _apply(values, override)
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(
            f"{path}: {_first(error)}", next_step="Mend the key and run again"
        ) from error


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"Override {override!r} is not key=value")
    *above, last = key.split(".")
    for name in above:
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise ConfigError(f"Override {override!r}: {name} holds a value, not keys")
    try:
        values[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"Override {override!r}: the value is not YAML") from error


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{key}: {message}" if key else message
