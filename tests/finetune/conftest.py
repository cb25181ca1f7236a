"""A tiny Qwen2 with a real ChatML template, made and briefly pre-trained here: no download."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from finetune.config import Config, load_config

# Threads of a tiny model wait for each other by spinning: on busy cores a step then takes minutes.
os.environ.setdefault("OMP_NUM_THREADS", "1")

CHATML = (
    "{%- if messages[0]['role'] != 'system' %}"
    "{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}"
    "{%- endif %}"
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
NOUNS = ["list", "tuple", "string", "number", "matrix", "graph", "tree", "queue", "stack", "set"]
VERBS = ["sort", "reverse", "count", "print", "copy", "merge", "split", "search"]


def questions() -> list[dict[str, str]]:
    """80 short rows, each unlike the others in its first words."""
    return [
        {
            "instruction": f"{verb} the {noun} number {index} now",
            "output": f"def {verb}_{noun}(x):\n    return {verb}(x, {index})",
        }
        for index, (verb, noun) in enumerate((v, n) for v in VERBS for n in NOUNS)
    ]


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level BPE tokenizer with the ChatML template and its control tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=control,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(
        [json.dumps(row) for row in questions()] + ["assistant system user"], trainer
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
        chat_template=CHATML,
    )
    folder = tmp_path_factory.mktemp("tiny")
    tokenizer.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def tokenizer(tokenizer_folder: Path) -> Any:
    """That tokenizer, loaded."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(tokenizer_folder))


@pytest.fixture(scope="session")
def tiny_base(tokenizer_folder: Path, tokenizer: Any) -> Path:
    """A Qwen2 of about 150 thousand parameters that has seen the rows' language, not their answers."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=192,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=256,
            tie_word_embeddings=True,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    assert 100_000 < model.num_parameters() < 200_000
    texts = [f"{row['output']} {row['instruction']}<|im_end|>" for row in questions()[:32]]
    batch = tokenizer(texts, return_tensors="pt", padding=True)
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(100):
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(str(tokenizer_folder))
    return tokenizer_folder


@pytest.fixture
def make_config(tmp_path: Path, tokenizer_folder: Path) -> Callable[..., Config]:
    """Builds a config over the tiny base and 80 rows; takes `section.key=value` overrides."""
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps(questions()), encoding="utf-8")
    values = {
        "name": "tiny",
        "runs": str(tmp_path / "runs"),
        "base": {"weights": str(tokenizer_folder), "licence": "none", "dtype": "float32"},
        "data": {
            "sources": [{"path": str(rows), "format": "alpaca", "licence": "CC0-1.0"}],
            "max_tokens": 128,
            "validation_rows": 8,
            "test_rows": 8,
            "similarity": 0.95,
        },
        "train": {"device": "cpu", "device_batch": 4, "effective_batch": 8, "eval_every": 4},
        "evaluate": {"max_new_tokens": 24},
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")

    def make(*overrides: str) -> Config:
        return load_config(path, overrides)

    return make
