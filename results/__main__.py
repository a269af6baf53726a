"""Run the demo, experiments and benchmarks; write tables, figures and the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from models.errors import InputError
from pipeline.cli import ConfigName, Overrides, Threads
from pipeline.config import load_config
from pipeline.console import err, out
from pipeline.guard import guarded
from results.experiments.comparison.variants import FSDD
from results.paths import BENCHMARKS, DEMO, JOBS
from sweeps.cluster import cluster_name, load_cluster
from sweeps.options import takes
from sweeps.runner import Runner

ConfigOption = Annotated[str, typer.Option(help="A TOML file, or the name of a shipped config.")]

# Each command imports its own work: Matplotlib and the statistics would delay the start-up of all others.
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


def make_runner(
    workers: Annotated[
        int, typer.Option(help="Number of runs at a time on this machine; 0 is one per core.", min=0)
    ] = 0,
    cluster: Annotated[
        str | None,
        typer.Option(help="slurm, local or debug: submit the runs. Afterwards the command without it makes tables."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Number of the cluster's jobs; 16, unless the options say.", min=1)
    ] = None,
    options: Annotated[
        Path | None, typer.Option(help="A TOML file of what jobs ask for; see `python -m sweeps submit`.")
    ] = None,
) -> Runner:
    """Return the runner that an experiment's options name."""
    if cluster is None:
        return Runner(out, workers)
    wants = load_cluster(options, jobs=jobs)
    if "jobs" not in wants.model_fields_set:
        wants = wants.model_copy(update={"jobs": 16})
    return Runner(out, cluster=cluster_name(cluster), wants=wants, logs=JOBS)


@app.command("demo")
def demo_command(config: ConfigOption = "demo", overrides: Overrides = None, threads: Threads = 0) -> None:
    """Prepare data, train and test the demo's network. Writes results/out/demo."""
    from results.experiments.demo import demo

    demo(load_config(config, overrides or ()), DEMO, out, threads)


@app.command()
def bench(
    cases: Annotated[list[str] | None, typer.Argument(help="Names of cases. Default: all.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer repetitions.")] = False,
) -> None:
    """Measure speed and memory against other libraries. Prints one table per case, writes it to results/out/bench."""
    from results.benchmarks.runner import run_cases

    run_cases(cases or [], BENCHMARKS, out, quick)


@app.command("gradcheck")
def gradcheck_command(
    samples: Annotated[int, typer.Option(help="Number of random networks of each kind.", min=1)] = 20,
    quick: Annotated[bool, typer.Option("--quick", help="Five networks, two time steps.")] = False,
) -> None:
    """Compare gradients on time grids with event-exact ones. Writes results/out/tables/gradcheck.csv and .md."""
    from results.experiments.gradcheck.report import gradcheck

    gradcheck(out, samples, quick)


@app.command("ablation")
@takes(runner=make_runner)
def ablation_command(
    runner: Runner,
    variants: Annotated[list[str] | None, typer.Argument(help="Names of variants. Default: all.")] = None,
    config: ConfigOption = FSDD,
    seeds: Annotated[int, typer.Option(help="Number of seeds of each variant.", min=1)] = 5,
    loso: Annotated[
        bool, typer.Option("--loso", help="Score on speakers held out one at a time, not on the test part.")
    ] = False,
    overrides: Overrides = None,
) -> None:
    """Train variants of a config, paired by seed. Writes results/out/tables/ablation-CONFIG.csv and .md."""
    from results.experiments.ablation import ablation

    ablation(runner, config, variants or (), seeds, loso, overrides or ())


@app.command("sizes")
@takes(runner=make_runner)
def sizes_command(
    runner: Runner,
    config: ConfigOption = FSDD,
    seeds: Annotated[int, typer.Option(help="Number of seeds of each size.", min=1)] = 5,
    hidden: Annotated[
        list[int] | None, typer.Option(help="Hidden size; may be repeated. Default: 64 to 1024.", min=1)
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Train several hidden sizes, feed-forward and recurrent. Writes results/out/tables/sizes-CONFIG.csv and .png."""
    from results.experiments.sizes import SIZES, sizes

    sizes(runner, config, hidden or SIZES, seeds, overrides or ())


@app.command("robustness")
@takes(runner=make_runner)
def robustness_command(
    runner: Runner,
    seeds: Annotated[int, typer.Option(help="Number of seeds of each shipped fsdd config.", min=1)] = 20,
    overrides: Overrides = None,
) -> None:
    """Train many seeds of the defaults, and settings that fail. Writes robustness.* to results/out/tables."""
    from results.experiments.robustness import robustness

    robustness(runner, seeds, overrides or ())


@app.command("crossval")
@takes(runner=make_runner)
def crossval_command(
    runner: Runner,
    config: ConfigName,
    overrides: Overrides = None,
    threads: Annotated[
        int,
        typer.Option(help="Number of threads of each training; 0 uses all cores. Results do not depend on it.", min=0),
    ] = 1,
) -> None:
    """Hold out one speaker at a time: train and score one network per speaker of the training part."""
    from results.experiments.crossval import crossval

    console = out if runner.cluster else err
    crossval(replace(runner, console=console, threads=threads), load_config(config, overrides or ()), out)


@app.command("tables")
def tables_command() -> None:
    """Write tables of runs and committed results to results/out/tables, as CSV, Markdown and LaTeX."""
    from results.tables.write import tabulate

    tabulate(out)


@app.command("report")
def report_command() -> None:
    """Write results/out/report.html: one page with answer, figures, tables and runs, from committed results."""
    from results.report.report import report

    report(out)


@app.command("study")
@takes(runner=make_runner)
def study_command(
    runner: Runner,
    small: Annotated[bool, typer.Option("--small", help="One small network: ten minutes instead of hours.")] = False,
    plans: Annotated[
        list[str] | None,
        typer.Argument(help="One or more of fsdd-index, fsdd-loso, digits, shd, ssc. Default: the first three."),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Compare the readout windows with paired statistics. Writes results/out/tables/study.

    Continues where it stopped.
    """
    from results.experiments.study.plan import ELSEWHERE, FULL, SMALL
    from results.experiments.study.study import study

    known = {plan.name: plan for plan in (SMALL if small else (*FULL, *ELSEWHERE))}
    for name in plans or ():
        if name not in known:
            raise InputError(f"there is no plan {name}; there are {', '.join(known)}")
    named = plans or [plan.name for plan in (SMALL if small else FULL)]
    chosen = [replace(plan, shared=(*plan.shared, *(overrides or ()))) for plan in (known[name] for name in named)]
    study(chosen, runner)


@app.command("methods")
@takes(runner=make_runner)
def methods_command(
    runner: Runner,
    small: Annotated[bool, typer.Option("--small", help="Small networks: ten minutes instead of hours.")] = False,
    plans: Annotated[
        list[str] | None,
        typer.Argument(help="One or more of fsdd-index, fsdd-loso, asc, digits. Default: all of them."),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option("--method", help="A method by its name in the table; may be repeated. Default: all of them."),
    ] = None,
) -> None:
    """Compare the training methods: search, five seeds, statistics, costs. Writes results/out/tables/methods.

    Continues where it stopped. Needs PyTorch.
    """
    from results.experiments.methods.methods import methods as compare
    from results.experiments.methods.plan import chosen_plans

    compare(chosen_plans(plans or (), methods or (), small), runner)


@app.command("figures")
def figures_command(
    names: Annotated[list[str] | None, typer.Argument(help="Names of figures. Default: all.")] = None,
) -> None:
    """Draw the figures as PNG and PDF. Writes results/out/figures."""
    from results.figures.gallery import draw

    draw(names or (), out)


def main() -> None:
    """Run ``python -m results``."""
    guarded(app)


if __name__ == "__main__":
    main()
