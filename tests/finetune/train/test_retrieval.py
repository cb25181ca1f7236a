"""An embedding and a reranker, tiny, that learn which passage a question wants."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.config import Config
from finetune.data.rows import Row
from finetune.run_folder import RunFolder
from finetune.train.retrieval import pairs, train_retriever

pytestmark = pytest.mark.timeout(600)  # seconds alone, minutes beside other work
Make = Callable[..., Config]
TOPICS = [f"{kind}{n}" for kind in ("star", "cell") for n in range(5)]


@pytest.fixture
def retrieval(make_config: Make, tmp_path: Path) -> Make:
    """Configs over a tiny random BERT and questions whose passage shares one word with them."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.set_num_threads(1)
    torch.manual_seed(0)
    known = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "what",
        "is",
        "a",
        "the",
        "shines",
        "here",
        *TOPICS,
    ]
    core = Tokenizer(models.WordLevel({word: n for n, word in enumerate(known)}, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = tmp_path / "bert"
    PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=16,
    ).save_pretrained(str(folder))  # fmt: skip
    BertModel(BertConfig(
        vocab_size=len(known), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=16,
    )).save_pretrained(str(folder))  # fmt: skip
    rows = [
        {"question": f"what is a {topic}", "passage": f"the {topic} shines here"}
        for topic in TOPICS * 8
    ]
    (tmp_path / "passages.json").write_text(json.dumps(rows))

    def make(task: str, *overrides: str) -> Config:
        return make_config(
            f"task={task}", f"base.weights={folder}", "data.test_rows=20", "data.similarity=1",
            f"data.sources=[{{path: {tmp_path / 'passages.json'}, format: passages, licence: CC0-1.0}}]",
            "train.learning_rate=0.003", "train.epochs=40", *overrides,
        )  # fmt: skip

    return make


@pytest.mark.slow
@pytest.mark.parametrize("task", ["embedding", "reranker"])
def test_it_learns_which_passage_is_wanted(retrieval: Make, task: str) -> None:
    config = retrieval(task)
    summary = train_retriever(config)
    assert summary["after"]["mrr@10"] > summary["before"]["mrr@10"]
    assert summary["after"]["mrr@10"] > 0.5  # by chance, of ten passages, 0.29
    assert (RunFolder(config.folder).retriever / "config.json").exists()


@pytest.mark.long
def test_the_command_says_what_came_of_it(retrieval: Make, tmp_path: Path) -> None:
    import yaml
    from typer.testing import CliRunner

    from finetune.cli import app

    config = retrieval("embedding", "train.max_steps=1")
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    outcome = CliRunner().invoke(app, ["train", "-c", str(file)], catch_exceptions=False)
    assert "mrr@10" in outcome.output
    assert str(RunFolder(config.folder).retriever) in outcome.output.replace("\n", "")


def test_a_reranker_sees_right_and_wrong_pairs() -> None:
    rows = [
        Row("1", ({"role": "user", "content": "q1"},), "p1", "looks like p1"),
        Row("2", ({"role": "user", "content": "q2"},), "p2"),
    ]
    found = [(pair["question"], pair["passage"], pair["label"]) for pair in pairs(rows, 1)]
    assert found == [
        ("q1", "p1", 1.0),
        ("q1", "looks like p1", 0.0),
        ("q2", "p2", 1.0),
        ("q2", "p1", 0.0),
    ]
