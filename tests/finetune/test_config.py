import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.config import Config, load_config
from finetune.errors import ConfigError

CONFIGS = sorted((Path(__file__).parents[2] / "finetune" / "configs").glob("*.yaml"))
Make = Callable[..., Config]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_yaml_parses(path: Path) -> None:
    assert load_config(path).name == path.stem.removesuffix("-cpu")


def test_reference_recipe_is_the_one_promised() -> None:
    config = load_config(next(path for path in CONFIGS if path.stem == "evol-7b-nf4"))
    lora, train = config.lora, config.train
    assert (lora.rank, lora.alpha, lora.dropout, lora.targets) == (8, 32, 0.1, ("q_proj", "v_proj"))
    assert (train.learning_rate, train.schedule, train.effective_batch) == (2e-4, "cosine", 16)
    assert (config.data.max_tokens, train.eval_every) == (2048, 2000)
    assert (config.data.validation_rows, config.data.test_rows) == (8000, 8000)
    assert config.base.quantization == "nf4"


def test_unknown_key_is_named(make_config: Make) -> None:
    with pytest.raises(ConfigError, match=r"train\.learning_rte"):
        make_config("train.learning_rte=1")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["train.effective_batch=6"], "multiple of train.device_batch"),
        (["train.fsdp=true"], "shards over GPUs"),
        (
            ["train.device=cuda", "train.fsdp=true", "base.quantization=nf4"],
            "cannot be sharded",
        ),
        (["base.quantization=nf4", "base.weights=/x.gguf"], "needs 16-bit weights"),
        (["evaluate.backend=server"], "needs evaluate.base_url"),
        (["evaluate.backend=llama.cpp"], "needs base.gguf"),
        (["evaluate.humaneval_problems=3"], "needs data.humaneval"),
        (["evaluate.runner=[python]"], "needs {file}"),
        (["lora.targets=[]"], "lora.targets"),
        (["name=../elsewhere"], "name"),
    ],
)
def test_impossible_combinations_are_refused(
    make_config: Make, overrides: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        make_config(*overrides)


def test_source_names_one_place(make_config: Make) -> None:
    with pytest.raises(ConfigError, match="either `path`, or `hub`"):
        make_config("data.sources=[{format: alpaca, licence: x}]")


@pytest.mark.parametrize("override", ["no-equals", "=1", "name.below=1", "name=[1"])
def test_malformed_override_is_refused(make_config: Make, override: str) -> None:
    with pytest.raises(ConfigError, match="Override"):
        make_config(override)


def test_environment_variables_in_paths(make_config: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "/somewhere")
    assert make_config("base.weights=$PLACE/model").base.weights == "/somewhere/model"
    assert make_config("base.weights=Qwen/Qwen2.5").base.weights == "Qwen/Qwen2.5"
    assert make_config('base.gguf=""').base.gguf == ""


def test_missing_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot read"):
        load_config(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [1")
    with pytest.raises(ConfigError, match="not YAML"):
        load_config(broken)


def test_a_command_by_python_runs_in_this_one_whatever_stands_in_the_path(
    make_config: Make,
) -> None:
    called = make_config("evaluate.runner=[python, -m, sandbox, '{file}']").evaluate.runner
    assert called == (sys.executable, "-m", "sandbox", "{file}")
    assert make_config("evaluate.runner=[podman, '{file}']").evaluate.runner[0] == "podman"
