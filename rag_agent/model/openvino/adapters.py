"""LoRA adapters on OpenVINO: a GGUF file as the safetensors it reads, and layers under the names that these have.

OpenVINO's converter of GGUF numbers a model's matrix products (`MatMul_46`), so no adapter finds its layer. In the
order of their numbers they are q, k, v, o, gate, up and down of each layer, and the output last.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingestion.errors import ModelUnavailable

_KINDS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_TENSOR = re.compile(r"blk\.(?P<layer>\d+)\.(?P<kind>\w+)\.weight\.lora_(?P<side>[ab])")
_NUMBER = re.compile(r"MatMul_(\d+)")


def name_layers(model: Path) -> None:
    """Name the layers of a converted model, an `openvino_model.xml`, once.

    Raises:
        ModelUnavailable: Its matrix products are not those of such layers.
    """
    text = model.read_text("utf-8")
    if 'name="model.layers.0.' in text:
        return
    products = _weight_products(model)
    layers, output = divmod(len(products), len(_KINDS))
    if not layers or output != 1:
        raise ModelUnavailable(
            f"{model.parent.name} has {len(products)} matrix products, not {len(_KINDS)} a layer and one",
            next_step="Set ARXIV_AGENT_READER__ENGINE=llama.cpp, which applies the adapter",
        )
    kinds = list(_KINDS.values())
    for place, product in enumerate(products[:-1]):
        layer, kind = divmod(place, len(kinds))
        text = text.replace(f'name="{product}"', f'name="model.layers.{layer}.{kinds[kind]}"')
    part = model.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(model)


def safetensors_of(adapter: Path, target: Path) -> None:
    """Write a GGUF adapter as safetensors, its scale (alpha over rank) multiplied in.

    Args:
        adapter: Of pairs `blk.N.KIND.weight.lora_a` (rank, in) and `lora_b` (out, rank).
        target: File to write, float32.

    Raises:
        ModelUnavailable: No such adapter.
    """
    from safetensors.numpy import save_file

    tensors: dict[str, NDArray[np.float32]] = {}
    for name, values, alpha in _gguf_tensors(adapter):
        part = _TENSOR.fullmatch(name)
        if part is None or part["kind"] not in _KINDS:
            raise ModelUnavailable(
                f"{adapter.name} adapts {name}, which OpenVINO has no name for",
                next_step="Set ARXIV_AGENT_READER__ENGINE=llama.cpp, which applies the adapter",
            )
        scale = 1.0 if part["side"] == "a" else alpha / values.shape[1]
        layer = f"base_model.model.model.layers.{part['layer']}.{_KINDS[part['kind']]}"
        tensors[f"{layer}.lora_{part['side'].upper()}.weight"] = values * np.float32(scale)
    save_file(tensors, target)


def _gguf_tensors(adapter: Path) -> list[tuple[str, NDArray[np.float32], float]]:
    from gguf import GGUFReader
    from gguf.quants import dequantize

    try:
        reader = GGUFReader(adapter)
        alpha = float(reader.fields["adapter.lora.alpha"].contents())
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnavailable(
            f"{adapter} is no LoRA adapter in GGUF: {error}",
            next_step="Name another with ARXIV_AGENT_READER__ADAPTER, or none",
        ) from error
    return [
        (one.name, dequantize(one.data, one.tensor_type).astype(np.float32), alpha)
        for one in reader.tensors
    ]


def _weight_products(model: Path) -> list[str]:
    """Names of the products with a matrix of weights, in the order of the model."""
    import openvino

    products = [
        node.get_friendly_name()
        for node in openvino.Core().read_model(model).get_ops()
        if node.get_type_name() == "MatMul" and _is_matrix(node.input(1).get_partial_shape())
    ]
    numbered = {name: found for name in products if (found := _NUMBER.fullmatch(name))}
    return sorted(numbered, key=lambda name: int(numbered[name][1]))


def _is_matrix(shape: object) -> bool:
    return bool(shape.is_static) and len(shape) == 2  # type: ignore[attr-defined,arg-type]
