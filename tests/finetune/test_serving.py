"""The adapter outside of PEFT: GGUF files, llama.cpp, model cards."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.adapters.exporting import export, gguf_path, model_card
from finetune.adapters.gguf_adapter import adapter_to_gguf
from finetune.answers.llama_cpp import llama_server
from finetune.config import Config
from finetune.data.prepare import prepare
from finetune.errors import ExportError, GenerationError
from finetune.evaluate.evaluation import generate, score
from finetune.ship.checking import Check, agreement, check
from finetune.train.training import train
from tests.finetune import tiny_gguf

pytestmark = pytest.mark.timeout(600)  # seconds alone, minutes beside other work
Make = Callable[..., Config]


@pytest.fixture
def trained(make_config: Make, tiny_base: Path, tmp_path: Path) -> Config:
    gguf = tiny_gguf.write(tiny_base, tmp_path / "tiny.gguf")
    config = make_config(f"base.gguf={gguf}", "train.max_steps=12", "train.learning_rate=0.02",
        "evaluate.backend=llama.cpp")  # fmt: skip
    prepare(config)
    train(config)
    return config


@pytest.mark.slow
def test_gguf_adapter_serves_what_peft_serves(trained: Config) -> None:
    path = export(trained, "gguf")
    assert path == gguf_path(trained)
    outcome = check(trained)
    outcome.require()
    assert outcome.bases > 0.9
    assert outcome.adapters > 0.9
    for who in ("base", "tuned"):
        generate(trained, who, progress=False)
    scores = score(trained, ["base", "tuned"])
    assert scores["metrics"]["bleu4"]["gain"]["tuned"]["value"] != 0


@pytest.mark.slow
def test_exports_carry_cards(trained: Config) -> None:
    peft = export(trained, "peft")
    values = json.loads((peft / "adapter_config.json").read_text())
    assert not Path(values["base_model_name_or_path"]).is_absolute()
    merged = export(trained, "merged")
    for folder, command in ((peft, "--enable-lora"), (merged, "vllm serve ./merged")):
        card = (folder / "README.md").read_text()
        assert "CC0-1.0" in card
        assert command in card


def test_card_names_every_licence(make_config: Make) -> None:
    card = model_card(make_config("base.licence=Apache-2.0"), "gguf")
    assert "Base weights: Apache-2.0" in card
    assert "rows.json: CC0-1.0" in card
    assert "llama-server -m BASE.gguf --lora tiny-lora.gguf" in card
    assert "Not evaluated yet" in card


def test_nothing_to_export(make_config: Make, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="Run `train` first"):
        export(make_config(), "peft")
    with pytest.raises(ExportError, match="no PEFT adapter"):
        adapter_to_gguf(tmp_path, tmp_path / "x.gguf")
    with pytest.raises(ExportError, match="No GGUF adapter to check"):
        check(make_config())


def test_adapters_that_gguf_cannot_hold(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"use_dora": true, "lora_alpha": 1}')
    with pytest.raises(ExportError, match="use_dora"):
        adapter_to_gguf(tmp_path, tmp_path / "x.gguf")


def test_qwen2_names_and_shapes(tmp_path: Path) -> None:
    import gguf
    import torch
    from safetensors.torch import save_file

    (tmp_path / "adapter_config.json").write_text('{"lora_alpha": 32}')
    layer = "base_model.model.model.layers.3.self_attn.v_proj"
    weights = {
        f"{layer}.lora_A.weight": torch.ones(2, 8),
        f"{layer}.lora_B.weight": torch.ones(4, 2),
    }
    save_file(weights, tmp_path / "adapter_model.safetensors")
    reader = gguf.GGUFReader(adapter_to_gguf(tmp_path, tmp_path / "x.gguf"))
    shapes = {tensor.name: tensor.data.shape for tensor in reader.tensors}
    assert shapes == {"blk.3.attn_v.weight.lora_a": (2, 8), "blk.3.attn_v.weight.lora_b": (4, 2)}
    assert reader.fields["adapter.lora.alpha"].contents() == 32


def test_verdicts() -> None:
    Check(0.5, 0.5, bases=0.7, adapters=0.6).require()
    with pytest.raises(ExportError, match="equals the base"):
        Check(1.0, 0.5, 0.7, 0.7).require()
    with pytest.raises(ExportError, match="serves the base"):
        Check(0.5, 1.0, 0.7, 0.7).require()
    with pytest.raises(ExportError, match="agree in 20%"):
        Check(0.5, 0.5, bases=0.7, adapters=0.2).require()
    assert agreement(["abcd", "x"], ["abxx", "x"]) == 0.75


def test_server_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="is missing"), llama_server(tmp_path / "none.gguf"):
        pass
