"""`library plan`: which index a library of some size needs."""

from dataclasses import asdict
from typing import Annotated

import typer

from ui import console


def plan(
    papers: Annotated[int, typer.Option(min=1, help="Papers that the library is to hold.")],
    memory: Annotated[float, typer.Option(min=0.01, help="Memory for the index, GB.")],
    dim: Annotated[int, typer.Option(min=1, help="Length of a vector.")] = 384,
    as_json: console.Json = False,
) -> None:
    """Which index fits so many papers into so much memory, what each takes, and what it finds."""
    from ingestion.store.plan import plan as plan_of

    made = plan_of(papers, memory, dim)
    if as_json:
        console.print_json(asdict(made))
        return
    out = console.out()
    for choice in made.choices:
        found = "recall not known" if choice.recall is None else f"recall {choice.recall:.3f}"
        sign = "fits" if choice.fits else "does not fit"
        out.print(
            f"{choice.index:10} {choice.memory_gb:8.2f} GB memory, {choice.disk_gb:8.2f} GB disk, {found}; {sign}"
        )
        out.print(f"           {choice.size_source}; {choice.recall_source}", markup=False)
    out.print(f"Take {made.index or 'none'}: {made.reason}.")
    out.print(f"The local library (Milvus Lite) would take {made.local_gb:.1f} GB of memory.")
