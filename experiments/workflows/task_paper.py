"""The paper with pytask, from the repository's root: ``pytask experiments/workflows``.

One task computes the rows of an experiment, one builds the paper from all of them. An interrupted
task goes on from its journal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pytask import Product, task

ROOT = Path(__file__).resolve().parents[2]
SPECS = {p.stem: p for p in sorted((ROOT / "experiments").glob("*.toml")) if p.stem != "paper"}
ROWS = ROOT / "results" / "experiments"

for name, spec in SPECS.items():

    @task(id=name)
    def task_rows(spec: Path = spec, rows: Annotated[Path, Product] = ROWS / f"{name}.csv") -> None:
        """Compute the rows of one experiment."""
        from ceasefire import experiment

        experiment.renewed(experiment.load(spec), rows.parent, full=True)


def task_paper(
    rows: tuple[Path, ...] = tuple(ROWS / f"{name}.csv" for name in SPECS),
    spec: Path = ROOT / "experiments" / "paper.toml",
    manifest: Annotated[Path, Product] = ROOT / "results" / "paper" / "manifest.json",
) -> None:
    """Build every figure and table, and the text."""
    from ceasefire.figures import paper

    paper.build(spec, manifest.parent, rows=rows[0].parent)
