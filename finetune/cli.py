"""The commands: `python -m finetune COMMAND --config FILE [key=value …]`."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from finetune.config import Config, load_config
from finetune.errors import ConfigError, FinetuneError
from finetune.run_folder import RunFolder

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Fine-tune a coder with LoRA: from data to a served adapter, with numbers.",
)

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="YAML of the run")]
Overrides = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="Override keys of the YAML")
]
AdapterFolder = Annotated[Path, typer.Option("--adapter", help="PEFT folder of an earlier run")]


class Measured(StrEnum):
    """What `measure` compares."""

    generation = "generation"
    training = "training"


class ExportForm(StrEnum):
    """What `export` writes."""

    peft = "peft"
    gguf = "gguf"
    merged = "merged"


def main() -> None:
    """Run a command; an error of the package ends it with one message and status 1."""
    try:
        app()
    except FinetuneError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(1)


@app.command()
def evolve(config: ConfigFile, overrides: Overrides = None) -> None:
    """Make rows that run: evolve tasks from seeds, let the model solve them, keep what passes its tests."""
    from finetune.evolve.evolving import evolve

    run = _load(config, overrides)
    for key, value in evolve(run).items():
        print(f"{key:10} {value}")
    print(f"Written to {run.folder / 'evolve'}")


@app.command()
def distill(config: ConfigFile, overrides: Overrides = None) -> None:
    """Let a teacher answer questions, and keep what passes its tests as rows for a student."""
    from finetune.evolve.distilling import distill

    run = _load(config, overrides)
    for key, value in distill(run).items():
        print(f"{key:6} {value}")
    print(f"Written to {run.folder / 'distilled'}")


@app.command()
def combine(
    adapter: Annotated[
        list[str], typer.Option(help="FOLDER=WEIGHT of a PEFT adapter, once for each")
    ],
    to: Annotated[Path, typer.Option(help="Folder to write")],
) -> None:
    """Scale an adapter, or average several of one base into one."""
    from finetune.adapters.combining import combine

    print(f"Written to {combine([_weighed(text) for text in adapter], to)}")


@app.command()
def recipe(config: ConfigFile) -> None:
    """Run one of `finetune/recipes`: entities, masked words, translation, answers as spans, a model from scratch."""
    from finetune.recipes.recipe import load_recipe, run

    for key, value in run(load_recipe(config)).items():
        print(f"{key:18} {value:.4f}")


@app.command()
def prepare(config: ConfigFile, overrides: Overrides = None) -> None:
    """Validate, clean, render and split the rows."""
    from finetune.data.prepare import prepare

    run = _load(config, overrides)
    report = prepare(run)
    for key, value in report.items():
        print(f"{key:16} {value}")
    print(f"Written to {run.folder / 'data'}")


@app.command()
def preview(
    config: ConfigFile,
    overrides: Overrides = None,
    rows: Annotated[int, typer.Option(help="Rows to show")] = 3,
) -> None:
    """Show rows with the trained tokens coloured, lengths, and why rows were dropped."""
    from rich.console import Console

    from finetune.data.preview import preview

    console = Console()
    for part in preview(_load(config, overrides), rows):
        console.print(part)


@app.command()
def train(config: ConfigFile, overrides: Overrides = None) -> None:
    """Plan, then train an adapter, an embedding or a reranker; Ctrl-C keeps a checkpoint of an adapter."""
    run = _load(config, overrides)
    if run.task in ("embedding", "reranker"):
        _train_retriever(run)
    else:
        _announce(run)
        _train(run)


@app.command()
def resume(config: ConfigFile, overrides: Overrides = None) -> None:
    """Go on with an interrupted run from its last checkpoint."""
    run = _load(config, overrides)
    _announce(run)
    _train(run, resume=True)


@app.command("continue")
def continue_(config: ConfigFile, adapter: AdapterFolder, overrides: Overrides = None) -> None:
    """Train an earlier adapter further, on new data."""
    run = _load(config, overrides)
    _announce(run)
    _train(run, adapter=adapter)


@app.command()
def stack(config: ConfigFile, adapter: AdapterFolder, overrides: Overrides = None) -> None:
    """Merge an earlier adapter into the 16-bit base, then train a new one on that."""
    from finetune.train.stacking import stack

    run = _load(config, overrides)
    _announce(run)
    _train(stack(run, adapter))


@app.command()
def evaluate(
    config: ConfigFile,
    overrides: Overrides = None,
    models: Annotated[
        str, typer.Option(help="Of base, tuned, merged; first the reference")
    ] = "base,tuned",
    generate_only: Annotated[bool, typer.Option("--generate-only")] = False,
    score_only: Annotated[bool, typer.Option("--score-only")] = False,
) -> None:
    """Answer the test rows and HumanEval, then score base and tuned in one table."""
    from finetune.evaluate.evaluation import generate, score, who_of
    from finetune.evaluate.report import plot_scores, table

    run = _load(config, overrides)
    chosen = [who_of(name) for name in models.split(",")]
    if not score_only:
        for who in chosen:
            generate(run, who)
    if not generate_only:
        scores, folder = score(run, chosen), RunFolder(run.folder)
        folder.table.write_text(table(scores), encoding="utf-8")
        plot_scores(scores, folder.scores_plot)
        print(table(scores))


@app.command()
def merge(config: ConfigFile, overrides: Overrides = None) -> None:
    """Merge the adapter into the original 16-bit weights and answer the test rows with the result."""
    from finetune.adapters.merging import merge
    from finetune.evaluate.evaluation import generate

    run = _load(config, overrides)
    print(f"Merged into {merge(run)}")
    generate(run, "merged")
    print("Score it: evaluate --models base,tuned,merged --score-only")


@app.command()
def export(
    config: ConfigFile,
    overrides: Overrides = None,
    form: Annotated[ExportForm, typer.Option(help="peft, gguf or merged")] = ExportForm.gguf,
) -> None:
    """Write the adapter with a model card that says how to serve it."""
    from finetune.adapters.exporting import export

    print(f"Written to {export(_load(config, overrides), form.value)}")


@app.command()
def check(config: ConfigFile, overrides: Overrides = None) -> None:
    """Prove that the adapter changes the output, and that GGUF and PEFT agree."""
    from dataclasses import asdict

    from finetune.ship.checking import check

    outcome = check(_load(config, overrides))
    for key, value in asdict(outcome).items():
        print(f"{key:28} {value:.3f}")
    outcome.require()
    print("passed")


@app.command()
def promote(config: ConfigFile, overrides: Overrides = None) -> None:
    """Make the adapter the agent's coder if it solves more than the coder in force."""
    from finetune.ship.promotion import promote

    print(f"Promoted in {promote(_load(config, overrides))}")


@app.command()
def measure(
    config: ConfigFile,
    what: Annotated[Measured, typer.Option(help="generation or training")],
    overrides: Overrides = None,
    rows: Annotated[int, typer.Option(help="Test rows to answer")] = 100,
    max_new_tokens: Annotated[int, typer.Option(help="Limit of each answer")] = 128,
    steps: Annotated[int, typer.Option(help="Optimizer steps of each way")] = 6,
) -> None:
    """Compare speed with the plain way: rows one by one, or padded to the maximum length."""
    from dataclasses import asdict

    from finetune.evaluate.measuring import measure_generation, measure_training

    run = _load(config, overrides)
    if what is Measured.generation:
        outcome, unit = measure_generation(run, rows, max_new_tokens), "s"
    else:
        outcome, unit = measure_training(run, steps), "useful tokens/s"
    print(f"unit   {unit}")
    for key, value in asdict(outcome).items():
        print(f"{key:6} {value:.2f}" if isinstance(value, float) else f"{key:6} {value}")


def _weighed(text: str) -> tuple[Path, float]:
    folder, _, weight = text.rpartition("=")
    try:
        return Path(folder), float(weight)
    except ValueError as error:
        raise ConfigError(f"--adapter {text!r} is not FOLDER=WEIGHT") from error


def _load(path: Path, overrides: list[str] | None) -> Config:
    from finetune.base.devices import with_dtype
    from finetune.train.stacking import on_stacked_base

    return on_stacked_base(with_dtype(load_config(path, tuple(overrides or ()))))


def _announce(run: Config) -> None:
    """Print what will happen, then stop if this machine cannot do it."""
    import yaml

    from finetune.base.devices import device_of
    from finetune.train.planning import plan

    if os.environ.get("RANK", "0") == "0":
        print(yaml.safe_dump(run.model_dump(mode="json"), sort_keys=False, allow_unicode=True))
        print("\n".join(plan(run).lines()), flush=True)
    device_of(run.train)


def _train_retriever(run: Config) -> None:
    from finetune.train.retrieval import train_retriever

    for key, value in train_retriever(run).items():
        print(f"{key:6} {value}")
    print(f"Written to {RunFolder(run.folder).retriever}")


def _train(run: Config, *, adapter: Path | None = None, resume: bool = False) -> None:
    from finetune.train.training import train

    summary = train(run, adapter=adapter, resume=resume)
    for key, value in summary.items():
        print(f"{key:20} {value}")
    if not summary["finished"]:
        print("Interrupted; a checkpoint is kept. Go on with `resume`.")
