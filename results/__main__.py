"""``python -m results``: the demo, the benchmarks, the check of gradients, the ablation, robustness, figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from models.errors import InputError
from pipeline.cli import Overrides, Threads, guarded, out
from pipeline.config import load_config
from results.benchmarks.runner import run_cases
from results.experiments.ablation.report import ablation
from results.experiments.ablation.variants import FSDD
from results.experiments.demo import demo
from results.experiments.gradcheck.report import gradcheck
from results.experiments.robustness.report import robustness
from results.paths import BENCHMARKS, DEMO, STUDY

Workers = Annotated[int, typer.Option(help="Runs at a time; 0 takes as many as cores.", min=0)]

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command("demo")
def demo_command(
    config: Annotated[str, typer.Option(help="A TOML file, or the name of a shipped config.")] = "demo",
    overrides: Overrides = None,
    threads: Threads = 0,
) -> None:
    """Prepare data, train and evaluate the demo's network; write results/out/demo."""
    demo(load_config(config, overrides or ()), DEMO, out, threads)


@app.command()
def bench(
    cases: Annotated[list[str] | None, typer.Argument(help="Which cases; all, unless named.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer repetitions, for a first impression.")] = False,
) -> None:
    """Measure against peers and limits; print one table a case, and write it to results/out/bench (JSON, Markdown)."""
    run_cases(cases or [], BENCHMARKS, out, quick)


@app.command("gradcheck")
def gradcheck_command(
    samples: Annotated[int, typer.Option(help="Random networks of each kind.", min=1)] = 20,
    quick: Annotated[bool, typer.Option("--quick", help="Five networks, two time steps.")] = False,
) -> None:
    """Compare gradients on time grids with the event-exact ones; write results/out/tables/gradcheck.csv and .md."""
    gradcheck(out, samples, quick)


@app.command("ablation")
def ablation_command(
    variants: Annotated[list[str] | None, typer.Argument(help="Which variants; all, unless named.")] = None,
    config: Annotated[str, typer.Option(help="A TOML file, or the name of a shipped config.")] = FSDD,
    seeds: Annotated[int, typer.Option(help="Seeds of each variant.", min=1)] = 5,
    loso: Annotated[bool, typer.Option("--loso", help="Leave one speaker out instead of the test part.")] = False,
    overrides: Overrides = None,
    workers: Workers = 0,
) -> None:
    """Train variants of a config, paired by seed; write results/out/tables/ablation-CONFIG.csv and .md."""
    ablation(out, config, variants or (), seeds, loso, tuple(overrides or ()), workers)


@app.command("sizes")
def sizes_command(
    config: Annotated[str, typer.Option(help="A TOML file, or the name of a shipped config.")] = FSDD,
    seeds: Annotated[int, typer.Option(help="Seeds of each size.", min=1)] = 5,
    hidden: Annotated[list[int] | None, typer.Option(help="A size; 64 to 1024, unless given.", min=1)] = None,
    overrides: Overrides = None,
    workers: Workers = 0,
) -> None:
    """Train several sizes, feed-forward and recurrent; write results/out/tables/sizes-CONFIG.csv and .png."""
    from results.experiments.sizes.report import SIZES, sizes

    sizes(out, config, hidden or SIZES, seeds, tuple(overrides or ()), workers)


@app.command("robustness")
def robustness_command(
    seeds: Annotated[int, typer.Option(help="Seeds of each shipped fsdd config.", min=1)] = 20,
    overrides: Overrides = None,
    workers: Workers = 0,
) -> None:
    """Train many seeds of the defaults, and what fails; write results/out/tables/robustness.csv, .md and .png."""
    robustness(out, seeds, tuple(overrides or ()), workers)


@app.command("tables")
def tables_command() -> None:
    """Write result tables as CSV, Markdown and LaTeX to results/out/tables, from runs and committed results."""
    from results.tables.write import tabulate

    tabulate(out)


@app.command("report")
def report_command() -> None:
    """Write results/out/report.html, one page that needs no network, from committed results and computed figures."""
    from results.report.report import report

    report(out)


@app.command("study")
def study_command(
    small: Annotated[bool, typer.Option("--small", help="Ten minutes instead of hours.")] = False,
    plans: Annotated[
        list[str] | None, typer.Argument(help="Which plans; fsdd-index, fsdd-loso, digits, unless named; shd, ssc.")
    ] = None,
    workers: Workers = 0,
    cluster: Annotated[str | None, typer.Option(help="slurm or local: submit the runs instead.")] = None,
    jobs: Annotated[int, typer.Option(help="Of a cluster.", min=1)] = 16,
    options: Annotated[Path | None, typer.Option(help="A TOML file of what jobs ask for, as of sweeps.")] = None,
    overrides: Overrides = None,
) -> None:
    """Compare the readout windows, paired, with statistics; write results/out/tables/study. Continues where it stopped.

    Runs that a cluster has trained are not trained again: the same command without --cluster makes the tables.
    """
    from results.experiments.study.plan import ELSEWHERE, FULL, SMALL
    from results.experiments.study.study import study
    from results.experiments.study.submit import submit_study
    from sweeps.submit import ClusterName, load_cluster

    known = {plan.name: plan for plan in (SMALL if small else (*FULL, *ELSEWHERE))}
    for name in plans or ():
        if name not in known:
            raise InputError(f"there is no plan {name}; there are {', '.join(known)}")
    named = plans or [plan.name for plan in (SMALL if small else FULL)]
    chosen = [replace(plan, shared=(*plan.shared, *(overrides or ()))) for plan in (known[name] for name in named)]
    if cluster is None:
        study(chosen, out, workers)
        return
    if cluster not in get_args(ClusterName):
        raise InputError(f"--cluster is {cluster}; it must be one of {', '.join(get_args(ClusterName))}")
    wants = load_cluster(options, jobs=jobs)
    submitted = submit_study(chosen, cast(ClusterName, cluster), wants, STUDY / "jobs")
    out.print(f"{len(submitted)} jobs: {', '.join(job.job_id for job in submitted)}", highlight=False, soft_wrap=True)


@app.command("figures")
def figures_command(
    names: Annotated[list[str] | None, typer.Argument(help="Which; all, unless named.")] = None,
) -> None:
    """Draw the thesis's figures, as PNG and PDF."""
    from results.figures.gallery import draw

    draw(names or (), out)


def main() -> None:
    """Run ``python -m results``."""
    guarded(app)


if __name__ == "__main__":
    main()
