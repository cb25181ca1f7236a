"""Models that find: an embedding of texts, or a reranker of pairs, tuned on questions with their passages.

Both are sentence-transformers' own trainers. An embedding is drawn to the question's passage and away from those of the
other questions in the batch and from the row's own hard negatives (multiple negatives ranking: Henderson et al. 2017,
arXiv:1705.00652); a reranker learns to tell right pairs from wrong ones.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from finetune.base.devices import device_of
from finetune.config import Config
from finetune.data.clusters import clusters, split_by_cluster
from finetune.data.rows import Row, read_rows
from finetune.errors import DataError
from finetune.run_folder import RunFolder, write_json

_TOP = 10


def train_retriever(config: Config) -> dict[str, Any]:
    """Tune the model of the run, and measure it before and after on questions it has not seen.

    Returns:
        What also lies in `training.json`: rows, and hit@1 and MRR@10 among the test rows' passages, before and after.

    Raises:
        DataError: Too few rows.
        BaseError: No such device.
    """
    train, test = _split(config)
    embedding = config.task == "embedding"
    model = _model(config)
    before = measured(model, test, embedding)
    (_train_embedding if embedding else _train_reranker)(config, model, train)
    folder = RunFolder(config.folder)
    model.save_pretrained(str(folder.retriever))
    summary = {"rows": len(train), "before": before, "after": measured(model, test, embedding)}
    write_json(folder.summary, summary)
    return summary


def measured(model: Any, rows: Sequence[Row], embedding: bool) -> dict[str, float]:
    """hit@1 and MRR@10 of each question's own passage among all passages of the rows."""
    questions, passages = (
        [row.question for row in rows],
        list(dict.fromkeys(row.answer for row in rows)),
    )
    if embedding:
        scores = model.similarity(model.encode(questions), model.encode(passages)).numpy()
    else:
        pairs = [(question, passage) for question in questions for passage in passages]
        scores = model.predict(pairs).reshape(len(questions), len(passages))
    own = [passages.index(row.answer) for row in rows]
    ranks = [1 + int((line > line[place]).sum()) for line, place in zip(scores, own, strict=True)]
    return {
        "hit@1": sum(rank == 1 for rank in ranks) / len(ranks),
        "mrr@10": sum(1 / rank for rank in ranks if rank <= _TOP) / len(ranks),
    }


def _split(config: Config) -> tuple[list[Row], list[Row]]:
    rows = [
        row for source in config.data.sources for row in read_rows(source) if isinstance(row, Row)
    ]
    groups = clusters(rows, config.data.similarity)
    test, train = split_by_cluster(groups, (config.data.test_rows,), config.seed)
    if not (train and test):
        raise DataError(
            f"{len(rows)} usable rows do not fill two splits", next_step="Lower data.test_rows"
        )
    return [rows[n] for n in train], [rows[n] for n in test]


def _model(config: Config) -> Any:
    from sentence_transformers import CrossEncoder, SentenceTransformer

    device = device_of(config.train)
    if config.task == "embedding":
        return SentenceTransformer(config.base.weights, device=device)
    return CrossEncoder(config.base.weights, device=device, num_labels=1)


def _train_embedding(config: Config, model: Any, rows: Sequence[Row]) -> None:
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    # No row twice in a batch: a question's own passage would count as another's.
    arguments = SentenceTransformerTrainingArguments(
        **_arguments(config), batch_sampler="no_duplicates"
    )
    columns = [{"anchor": row.question, "positive": row.answer, **_negative(row)} for row in rows]
    SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(columns),
        loss=MultipleNegativesRankingLoss(model),
    ).train()


def _negative(row: Row) -> dict[str, str]:
    return {"negative": row.rejected} if row.rejected else {}


def _train_reranker(config: Config, model: Any, rows: Sequence[Row]) -> None:
    from datasets import Dataset
    from sentence_transformers.cross_encoder import (
        CrossEncoderTrainer,
        CrossEncoderTrainingArguments,
    )
    from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

    CrossEncoderTrainer(
        model=model,
        args=CrossEncoderTrainingArguments(**_arguments(config)),
        train_dataset=Dataset.from_list(pairs(rows, config.seed)),
        loss=BinaryCrossEntropyLoss(model),
    ).train()


def pairs(rows: Sequence[Row], seed: int) -> list[dict[str, Any]]:
    """Each question with its passage, label 1, and with its hard negative or another row's passage, label 0."""
    draw = random.Random(seed)
    found = []
    for row in rows:
        others = [other.answer for other in rows if other.answer != row.answer] or [""]
        found.append({"question": row.question, "passage": row.answer, "label": 1.0})
        found.append(
            {"question": row.question, "passage": row.rejected or draw.choice(others), "label": 0.0}
        )
    return found


def _arguments(config: Config) -> Mapping[str, Any]:
    train = config.train
    return {
        "output_dir": str(RunFolder(config.folder).checkpoints),
        "use_cpu": device_of(train) == "cpu",
        "seed": config.seed,
        "learning_rate": train.learning_rate,
        "lr_scheduler_type": train.schedule,
        "warmup_steps": train.warmup_steps,
        "per_device_train_batch_size": train.effective_batch,
        "num_train_epochs": train.epochs,
        "max_steps": train.max_steps or -1,
        "save_strategy": "no",
        "logging_steps": train.log_every,
        "report_to": [],
        "dataloader_pin_memory": False,
    }
