"""Every recipe on a tiny model made here: it learns what it is for, within seconds."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetune.errors import ConfigError, DataError
from finetune.recipes import causal_lm, extractive_qa, seq2seq, token_classification
from finetune.recipes.recipe import Recipe, load_recipe, run

pytestmark = pytest.mark.timeout(600)  # seconds alone, minutes beside other work
FOLDER = Path(token_classification.__file__).parent
NAMES = ["ada", "bob", "cleo", "dora"]
PLACES = ["rome", "oslo", "kyiv"]
WORDS = [*NAMES, *PLACES, "went", "to", "and", "saw", "who", "where", "is", "in", "lives", "then"]
SMALL = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
}  # fmt: skip
Make = Callable[..., Recipe]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of whole words, those of four letters and more in two parts."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    parts = [
        part
        for word in WORDS
        for part in ((word[:3], f"##{word[3:]}") if len(word) > 3 else (word,))
    ]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    known = {token: n for n, token in enumerate(dict.fromkeys([*special, *parts]))}
    core = Tokenizer(models.WordPiece(known, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    from tokenizers import decoders

    core.decoder = decoders.WordPiece()
    folder = tmp_path_factory.mktemp("words")
    PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", eos_token="[SEP]", bos_token="[CLS]",
    ).save_pretrained(str(folder))  # fmt: skip
    return folder


@pytest.fixture
def make(words: Path, tmp_path: Path) -> Make:
    """A recipe's own YAML with tiny weights, some rows, and steps enough."""

    def made(name: str, model: Any, train: list[Any], test: list[Any], **changes: Any) -> Recipe:
        from transformers import AutoTokenizer

        if model is not None:
            model.save_pretrained(str(tmp_path / "model"))
            AutoTokenizer.from_pretrained(str(words)).save_pretrained(str(tmp_path / "model"))
        for part, rows in (("train", train), ("test", test)):
            (tmp_path / part).write_text("\n".join(map(json.dumps, rows)))
        places = {
            "model": str(tmp_path / "model" if model else words),
            "output": str(tmp_path / "out"),
        }
        places |= {part: str(tmp_path / part) for part in ("train", "test")}
        steps = {"learning_rate": 5e-3, "epochs": 6.0, "batch": 16, "max_tokens": 24}
        return load_recipe(FOLDER / f"{name}.yaml", **{**places, **steps, **changes})

    return made


def bert(kind: str, **more: Any) -> Any:
    import torch
    import transformers

    torch.set_num_threads(1)
    torch.manual_seed(0)
    shape = transformers.BertConfig(vocab_size=64, max_position_embeddings=64, **SMALL, **more)
    return getattr(transformers, kind)(shape)


def sentences(count: int, seed: int) -> list[tuple[str, str, str]]:
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        name, place, other = draw.choice(NAMES), draw.choice(PLACES), draw.choice(NAMES)
        found.append((f"{other} and {name} went to {place}", name, place))
    return found


def entity_row(text: str, place: str) -> dict[str, Any]:
    mentions = {}
    for kind, known in (("name", NAMES), ("place", PLACES)):
        found = {
            word: [[text.index(word), text.index(word) + len(word) - 1]]
            for word in known
            if word in text
        }
        mentions[kind] = found
    return {"text": text, "label": mentions}


@pytest.mark.slow
def test_token_classification(make: Make) -> None:
    train, test = (
        [entity_row(text, place) for text, _, place in sentences(n, n)] for n in (160, 30)
    )
    scores = run(
        make("token_classification", bert("BertForTokenClassification", num_labels=5), train, test)
    )
    assert scores["f1"] > 0.9


def test_entities_are_whole(words: Path) -> None:
    from transformers import AutoTokenizer

    names = ["O", "B-name", "I-name", "B-place", "I-place"]
    row = {
        "text": "cleo saw rome",
        "label": {"name": {"cleo": [[0, 3]]}, "place": {"rome": [[9, 12]]}},
    }
    encoded = token_classification.encode(row, AutoTokenizer.from_pretrained(str(words)), names, 24)
    labels = encoded["features"]["labels"]
    assert labels == [-100, 1, 2, 0, 3, 4, -100]
    spelled = [0 if label < 0 else label for label in labels]
    assert token_classification.entities_in(spelled, encoded["offsets"], names) == {
        (0, 4, "name"),
        (9, 13, "place"),
    }
    half = token_classification.entity_f1(
        [{(0, 4, "name"), (5, 8, "name")}], [{(0, 4, "name"), (9, 13, "place")}]
    )
    assert half == {"precision": 0.5, "recall": 0.5, "f1": pytest.approx(0.5)}


@pytest.mark.slow
def test_masked_lm(make: Make) -> None:
    train, test = ([{"text": text} for text, _, _ in sentences(n, n)] for n in (200, 40))
    scores = run(make("masked_lm", bert("BertForMaskedLM"), train, test))
    assert scores["accuracy"] > 0.4  # who went where is free; the rest is not
    assert scores["perplexity"] < 12  # of 64 words


@pytest.mark.slow
def test_seq2seq_translates(make: Make) -> None:
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    model = T5ForConditionalGeneration(T5Config(
        vocab_size=64, d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2, dropout_rate=0.0,
        pad_token_id=0, eos_token_id=3, decoder_start_token_id=0,
    ))  # fmt: skip
    rows = [{"source": word, "target": f"who is {word} and where"} for word in NAMES * 20]
    scores = run(make("seq2seq", model, rows, rows[:4], epochs=16.0))
    assert scores["bleu"] > 0.5


def test_summaries_are_scored_by_rouge() -> None:
    scores = seq2seq.scores(["The cat sat on a mat"], ["the cat lay on the mat"], "rouge")
    assert scores["rouge1"] == pytest.approx(2 * 4 / 12)
    assert scores["rougeL"] == pytest.approx(2 * 4 / 12)
    assert seq2seq.scores(["b a"], ["a b"], "rouge") == {"rouge1": 1.0, "rougeL": 0.5}


def qa_row(text: str, answer: str) -> dict[str, Any]:
    return {
        "question": "where",
        "context": text,
        "answers": {"text": [answer], "answer_start": [text.index(answer)]},
    }


@pytest.mark.slow
def test_extractive_qa(make: Make) -> None:
    train, test = ([qa_row(text, place) for text, _, place in sentences(n, n)] for n in (200, 20))
    scores = run(make("extractive_qa", bert("BertForQuestionAnswering"), train, test, stride=4))
    assert scores["exact_match"] > 0.8


def test_long_texts_are_cut_into_chunks(make: Make, words: Path) -> None:
    from transformers import AutoTokenizer

    text = " ".join(["ada saw bob"] * 8 + ["cleo went to rome"])
    row = qa_row(text, "rome")
    recipe = make("extractive_qa", None, [row], [row], stride=4)
    parts = extractive_qa.chunks([row], AutoTokenizer.from_pretrained(str(words)), recipe)
    assert len(parts) > 1
    pointed = [(p["features"]["start_positions"], p["features"]["end_positions"]) for p in parts]
    assert pointed[0] == (0, 0)
    start, end = pointed[-1]
    first, last = parts[-1]["places"][start], parts[-1]["places"][end]
    assert text[first[0] : last[1]] == "rome"
    logits = np.zeros((2, len(parts), 24))
    logits[0, -1, start] = logits[1, -1, end] = 9
    assert extractive_qa.answers([row], parts, *logits) == ["rome"]


@pytest.mark.slow
def test_causal_lm_from_scratch(make: Make) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    train, test = ([{"text": text} for text, _, _ in sentences(n, n)] for n in (300, 60))
    recipe = make("causal_lm", None, train, test, shape={**SMALL, "num_key_value_heads": 1})
    scores = run(recipe)
    assert scores["perplexity_before"] > 20  # it knows nothing of its 40 words
    assert scores["perplexity"] < 5
    model = AutoModelForCausalLM.from_pretrained(recipe.output)
    tokenizer = AutoTokenizer.from_pretrained(recipe.model)
    assert causal_lm.continued(model, tokenizer, "ada and bob went", 1) == "to"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_yaml_is_a_recipe(path: Path) -> None:
    assert load_recipe(path).recipe == path.stem


def test_what_is_no_recipe(tmp_path: Path, make: Make) -> None:
    with pytest.raises(ConfigError, match="no recipe"):
        load_recipe(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="lerning_rate"):
        load_recipe(FOLDER / "seq2seq.yaml", lerning_rate=1)
    with pytest.raises(DataError, match="cannot be read"):
        run(
            load_recipe(
                FOLDER / "causal_lm.yaml", model=str(make("causal_lm", None, [1], [1]).model)
            )
        )
