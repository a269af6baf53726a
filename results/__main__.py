"""``python -m results``: the demo, the benchmarks, the check of gradients and the ablation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import Overrides, Threads, guarded, out
from pipeline.config import load_config
from results.benchmarks.runner import run_cases
from results.demo import FOLDER, demo
from results.gradcheck.report import gradcheck

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command("demo")
def demo_command(
    config: Annotated[str, typer.Option(help="A TOML file, or the name of a shipped config.")] = "demo",
    overrides: Overrides = None,
    threads: Threads = 0,
) -> None:
    """Prepare data, train and evaluate the demo's network; write results/demo."""
    demo(load_config(config, overrides or ()), FOLDER, out, threads)


@app.command()
def bench(
    cases: Annotated[list[str] | None, typer.Argument(help="Which cases; all, unless named.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer repetitions, for a first impression.")] = False,
) -> None:
    """Measure against peers and limits; print one table and write results/bench, one JSON a case."""
    run_cases(cases or [], Path("results/bench"), out, quick)


@app.command("gradcheck")
def gradcheck_command(
    samples: Annotated[int, typer.Option(help="Random networks of each kind.", min=1)] = 20,
    quick: Annotated[bool, typer.Option("--quick", help="Five networks, two time steps.")] = False,
) -> None:
    """Compare gradients on time grids with the event-exact ones; write results/tables/gradcheck.csv and .md."""
    gradcheck(out, samples, quick)


if __name__ == "__main__":
    guarded(app)
