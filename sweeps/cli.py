"""Search hyperparameters: run a sweep here or on a cluster, and look at what it found."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from models.errors import InputError
from pipeline.console import Table, err, out
from pipeline.guard import guarded
from sweeps.objective import prepare
from sweeps.options import takes
from sweeps.space import SPACE_FOLDER, Space, StrategyName, load_space
from sweeps.status import status_table
from sweeps.sweep import Sweep

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Strategy = Annotated[str | None, typer.Option(help="One of bayes, random, sobol, grid. Default: the space's.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the search. Default: the space's.", min=0)]


def make_space(
    space: Annotated[str, typer.Argument(metavar="SPACE", help="A TOML file, or the name of a shipped space.")],
    strategy: Strategy = None,
    seed: Seed = None,
    points: Annotated[int | None, typer.Option(help="Number of points to try. Default: the space's.", min=1)] = None,
    hours: Annotated[float | None, typer.Option(help="Hours to search. Default: the space's.", min=0)] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=C", help="Set a config field of all points. May be repeated."),
    ] = None,
) -> Space:
    """Return a space with the command's options over its own."""
    if strategy is not None and strategy not in get_args(StrategyName):
        raise InputError(f"--strategy is {strategy}; it must be one of {', '.join(get_args(StrategyName))}")
    own = load_space(space)
    return own.model_copy(
        update={
            "search": own.search.model_copy(update=_given(strategy=strategy, seed=seed)),
            "budget": own.budget.model_copy(update=_given(points=points, hours=hours)),
            "overrides": (*own.overrides, *(overrides or ())),
        }
    )


def _given(**options: Any) -> dict[str, Any]:
    """Return the options that are given."""
    return {name: value for name, value in options.items() if value is not None}


def find_sweep(
    place: Annotated[str, typer.Argument(metavar="SPACE", help="A sweep's folder, or a space with the options below.")],
    strategy: Strategy = None,
    seed: Seed = None,
) -> Sweep:
    """Return the sweep of a folder, or of a space with a strategy and a seed."""
    known = {path.stem for path in SPACE_FOLDER.glob("*.toml")}
    if Path(place).is_dir() and place not in known:
        return Sweep.at(place)
    sweep = Sweep.of(make_space(place, strategy, seed))
    if not sweep.store.path.is_file():
        raise InputError(f"there is no sweep in {sweep.folder}; `python -m sweeps run {place}` begins one")
    return sweep


@app.command()
@takes(space=make_space)
def run(
    space: Space,
    workers: Annotated[int, typer.Option(help="Number of trainings at a time; 0 is one per core.", min=0)] = 0,
    threads: Annotated[int, typer.Option(help="Number of threads of each training.", min=1)] = 1,
) -> None:
    """Run a sweep on this machine, or continue it. Prints its folder."""
    from sweeps.workers import run_workers

    sweep = _begin(space)
    run_workers(sweep, workers, threads, err)
    out.print(status_table(sweep))
    _print_folder(sweep)


@app.command()
def worker(
    folder: Annotated[Path, typer.Argument(help="A sweep's folder.")],
    threads: Annotated[int, typer.Option(min=1)] = 1,
) -> None:
    """Take and train points of a sweep until it is over; the command of `submit --print`."""
    from sweeps.worker import work

    work(Sweep.at(folder), threads)


@app.command("submit")
@takes(space=make_space)
def submit_command(
    space: Space,
    cluster: Annotated[str, typer.Option(help="One of slurm, local, debug.")] = "slurm",
    options: Annotated[Path | None, typer.Option(help="A TOML file of the options below.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Number of jobs, each of which is a worker.")] = None,
    minutes: Annotated[int | None, typer.Option(help="Time limit of a job; it is queued again after it.")] = None,
    cpus: Annotated[int | None, typer.Option(help="Cores of a job.")] = None,
    memory: Annotated[float | None, typer.Option(help="Gigabytes of a job.")] = None,
    gpus: Annotated[int | None, typer.Option(help="GPUs of a job.")] = None,
    partition: Annotated[str | None, typer.Option()] = None,
    account: Annotated[str | None, typer.Option()] = None,
    at_once: Annotated[int | None, typer.Option(help="Largest number of jobs at the same time.")] = None,
    show: Annotated[bool, typer.Option("--print", help="Print an sbatch script and submit nothing.")] = False,
) -> None:
    """Submit a sweep's workers to a cluster. Prepares the data first, prints the jobs."""
    from sweeps.cluster import announce, cluster_name, load_cluster, script
    from sweeps.workers import submit

    wants = load_cluster(
        options,
        jobs=jobs,
        minutes=minutes,
        cpus=cpus,
        memory=memory,
        gpus=gpus,
        partition=partition,
        account=account,
        at_once=at_once,
    )
    where = cluster_name(cluster)
    sweep = _begin(space)
    (sweep.folder / "jobs").mkdir(parents=True, exist_ok=True)
    if show:
        folder = sweep.folder.resolve()
        command = [sys.executable, "-m", "sweeps", "worker", str(folder), "--threads", str(wants.cpus)]
        print(script(f"sweep-{folder.name}", command, folder / "jobs", wants), end="")
        return
    announce(submit(sweep, where, wants), where, out)
    _print_folder(sweep)


@app.command()
@takes(sweep=find_sweep)
def status(sweep: Sweep) -> None:
    """Show how far a sweep is and its best point."""
    out.print(status_table(sweep))
    _print_folder(sweep)


@app.command("best")
@takes(sweep=find_sweep)
def best_command(
    sweep: Sweep,
    seeds: Annotated[int, typer.Option(help="Train the best point with this many seeds now.", min=0)] = 0,
    threads: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Write the best point's config, ready to train, and print its error with the interval."""
    from pipeline.data.atomic import kept_if_possible, write_atomically
    from sweeps.best import best

    found = best(sweep, range(1, seeds + 1), threads)
    for name, value in found.point.values.items():
        out.print(f"{name} = {value}")
    runs = f"{len(found.errors)} run{'s' if len(found.errors) > 1 else ''}"
    interval = f", 95 % interval {found.low:.3f} to {found.high:.3f}" if len(found.errors) > 1 else ""
    out.print(f"error {found.mean:.3f} ({runs}{interval})")
    path = sweep.folder / "best.toml"
    with kept_if_possible():
        write_atomically(path, [found.toml().encode()])
        out.print(str(path))


@app.command()
@takes(sweep=find_sweep)
def plot(sweep: Sweep) -> None:
    """Draw convergence (with the space's other sweeps), partial dependence, evaluations and parallel coordinates."""
    from pipeline.pictures.save import save
    from sweeps import plots

    space, points = sweep.space(), sweep.state().finished
    figures: dict[str, Callable[[], Any]] = {
        "convergence": lambda: plots.convergence(_beside(sweep)),
        "partial-dependence": lambda: plots.partial_dependence(space, points),
        "evaluations": lambda: plots.evaluations(space, points),
        "parallel": lambda: plots.parallel(space, points),
    }
    if len(space.parameters) == 1:
        del figures["evaluations"]
        out.print("evaluations: left out, since it shows pairs of parameters and there is one", highlight=False)
    for name, draw in figures.items():
        figure = draw()
        for ending in ("png", "pdf"):
            path = sweep.folder / "plots" / f"{name}.{ending}"
            save(figure, path)
        out.print(str(path.with_suffix(".png")))


@app.command("importance")
@takes(sweep=find_sweep)
def importance_command(sweep: Sweep) -> None:
    """Show how much of the error's variance each parameter explains."""
    from sweeps.importance import importance

    table = Table("parameter", "variance explained", "spread", title="Importance")
    for row in importance(sweep.space(), sweep.state().finished).itertuples():
        table.add_row(row.parameter, f"{row.importance:.0%}", f"{row.spread:.0%}")
    out.print(table)


def _begin(space: Space) -> Sweep:
    """Begin or continue a sweep, its data at hand."""
    space.check()
    sweep = Sweep.of(space)
    sweep.begin(space)
    sweep.use(prepare(space))
    return sweep


def _beside(sweep: Sweep) -> dict[str, list[Any]]:
    """Return the finished points of all sweeps of the same space, by strategy."""
    space = sweep.space()
    found: dict[str, list[Any]] = {}
    for folder in sorted(sweep.folder.parent.glob(f"{space.name}-*-s*")):
        other = Sweep(folder)
        if other.store.path.is_file() and (points := other.state().finished):
            found.setdefault(other.space().search.strategy, []).append(points)
    return found


def _print_folder(sweep: Sweep) -> None:
    out.print(str(sweep.folder))


def main() -> None:
    """Run ``python -m sweeps``."""
    guarded(app)
