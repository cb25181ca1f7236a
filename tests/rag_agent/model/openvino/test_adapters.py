"""A GGUF adapter on OpenVINO: the same numbers under the names that it looks for, and layers that have these names."""

from pathlib import Path

import numpy as np
import pytest

from ingestion.errors import ModelUnavailable
from rag_agent.model.openvino.adapters import name_layers, safetensors_of

openvino = pytest.importorskip("openvino")
WIDTH = 4


def gguf_adapter(path: Path, tensors: dict[str, np.ndarray], alpha: float = 4.0) -> Path:
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "qwen2")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name, values in tensors.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_scale_of_an_adapter_is_multiplied_in(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    down = np.arange(8, dtype=np.float16).reshape(2, WIDTH)
    up = np.ones((WIDTH, 2), np.float16)
    tensors = {"blk.3.ffn_down.weight.lora_a": down, "blk.3.ffn_down.weight.lora_b": up}
    safetensors_of(gguf_adapter(tmp_path / "a.gguf", tensors), tmp_path / "a.safetensors")
    stored = load_file(tmp_path / "a.safetensors")
    layer = "base_model.model.model.layers.3.mlp.down_proj"
    np.testing.assert_array_equal(stored[f"{layer}.lora_A.weight"], down)
    np.testing.assert_array_equal(stored[f"{layer}.lora_B.weight"], 2 * up)  # alpha 4 over rank 2


def test_what_is_no_adapter_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_text("text")
    with pytest.raises(ModelUnavailable, match="no LoRA adapter"):
        safetensors_of(tmp_path / "a.gguf", tmp_path / "a.safetensors")
    other = {"output.weight.lora_a": np.ones((2, WIDTH), np.float32)}
    with pytest.raises(ModelUnavailable, match=r"adapts output\.weight"):
        safetensors_of(gguf_adapter(tmp_path / "b.gguf", other), tmp_path / "b.safetensors")


def numbered_model(path: Path, products: int) -> Path:
    """A chain of matrix products named as OpenVINO's converter of GGUF names them."""
    from openvino import Model, save_model
    from openvino import opset13 as ops

    x = ops.parameter([-1, WIDTH], np.float32)
    out = x
    for place in range(products):
        weights = ops.constant(np.full((WIDTH, WIDTH), place + 1.0, np.float32))
        out = ops.matmul(out, weights, False, True)
        out.set_friendly_name(f"MatMul_{10 * place}")
    save_model(Model([out], [x]), path, compress_to_fp16=False)
    return path


def test_the_layers_of_a_converted_model_get_their_names_once(tmp_path: Path) -> None:
    model = numbered_model(tmp_path / "openvino_model.xml", 15)
    name_layers(model)
    named = model.read_bytes()
    products = [
        node.get_friendly_name()
        for node in openvino.Core().read_model(model).get_ordered_ops()
        if node.get_type_name() == "MatMul"
    ]
    assert products[0] == "model.layers.0.self_attn.q_proj"
    assert products[6:8] == ["model.layers.0.mlp.down_proj", "model.layers.1.self_attn.q_proj"]
    assert products[14] == "MatMul_140"
    name_layers(model)
    assert model.read_bytes() == named


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    model = numbered_model(tmp_path / "openvino_model.xml", 5)
    with pytest.raises(ModelUnavailable, match="5 matrix products"):
        name_layers(model)
