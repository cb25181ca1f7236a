"""Writes a tiny Qwen2 as GGUF, float32, so that llama.cpp can load it in a test."""

import json
from pathlib import Path

import gguf
from safetensors import safe_open


def write(folder: Path, target: Path) -> Path:
    """Convert a saved tiny Qwen2 with its byte-level BPE tokenizer."""
    shape = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(target, "qwen2")
    writer.add_context_length(shape["max_position_embeddings"])
    writer.add_embedding_length(shape["hidden_size"])
    writer.add_block_count(shape["num_hidden_layers"])
    writer.add_feed_forward_length(shape["intermediate_size"])
    writer.add_head_count(shape["num_attention_heads"])
    writer.add_head_count_kv(shape["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(shape["rms_norm_eps"])
    writer.add_rope_freq_base(shape["rope_parameters"]["rope_theta"])
    _tokenizer(writer, folder)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, shape["num_hidden_layers"])
    with safe_open(folder / "model.safetensors", framework="np") as stored:
        for key in stored.keys():  # noqa: SIM118
            name = names.get_name(key, try_suffixes=(".weight", ".bias"))
            writer.add_tensor(name, stored.get_tensor(key))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def _tokenizer(writer: gguf.GGUFWriter, folder: Path) -> None:
    stored = json.loads((folder / "tokenizer.json").read_text())
    control = {token["content"] for token in stored["added_tokens"]}
    tokens = sorted(stored["model"]["vocab"], key=stored["model"]["vocab"].get)
    kinds = [gguf.TokenType.CONTROL if t in control else gguf.TokenType.NORMAL for t in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in stored["model"]["merges"]])
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
