"""Prepare data, train a network, score it, classify recordings."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from models.engines import registry
from models.errors import InputError
from pipeline.audio_source import STANDARD_INPUT
from pipeline.config import load_config
from pipeline.console import err, out
from pipeline.data import summary
from pipeline.data.atomic import kept_if_possible
from pipeline.data.datasets import command_line, load, names
from pipeline.evaluation.classify import Classification, classify
from pipeline.evaluation.evaluate import evaluate, split_of
from pipeline.evaluation.tables import classification_table, evaluation_table
from pipeline.evaluation.trained import Trained, load_trained
from pipeline.guard import guarded
from pipeline.paths import expanded
from pipeline.pictures.file_names import picture_names
from pipeline.training import processes
from pipeline.training.examples import load_dataset, split_training
from pipeline.training.placement import choose_engine
from pipeline.training.progress import RichProgress
from pipeline.training.run import Run
from pipeline.training.trainer import train

if TYPE_CHECKING:
    from models.recording import Recording

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=C", help="Set a config field, as in --set seed=3. May be repeated."),
]
Threads = Annotated[int, typer.Option(help="Number of threads; 0 uses all cores. Results do not depend on it.", min=0)]
EngineOption = Annotated[
    str | None,
    typer.Option(help=f"One of {', '.join(registry.engines())}. Default: the engine that trained the run."),
]
ConfigName = Annotated[str, typer.Argument(help="A TOML file, or the name of a shipped config.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run, as `train` prints it.")]


def data(
    dataset: Annotated[str, typer.Argument(help=f"One of {', '.join(names())}.")],
    root: Annotated[Path | None, typer.Option(help="Folder of the recordings or HDF5 files.")] = None,
    trial: Annotated[float, typer.Option(help="Length of a trial in ms: what of the data does it hold?", min=1)] = 1000,
    **options: Any,
) -> None:
    """Prepare a data set and show what it holds."""
    given = {name: value for name, value in options.items() if value is not None}
    loaded = load(dataset, root, **given)
    out.print(summary.render(dataset, summary.summarise(loaded, trial)))
    for note in loaded.notes:
        out.print(note)


*_fixed, _ = inspect.signature(data, eval_str=True).parameters.values()
data.__signature__ = inspect.Signature([*_fixed, *command_line.parameters()])  # type: ignore[attr-defined]
app.command(epilog=command_line.overview())(data)


@app.command("train")
def train_command(
    config: ConfigName,
    overrides: Overrides = None,
    threads: Threads = 0,
    nproc: Annotated[
        int, typer.Option(help="Number of processes, one GPU each, that share every batch (GeNN engine).", min=1)
    ] = 1,
) -> None:
    """Train a config, or continue its run where it stopped. Prints the run's folder."""
    settings = load_config(config, overrides or ())
    if nproc > 1 and not processes.is_started():
        raise SystemExit(processes.start(sys.argv[1:], nproc, choose_engine(settings)))
    ranks = processes.place()
    processes.take_gpu(ranks)
    # Before the data, which may take minutes to prepare: what no engine can train is refused at once.
    chosen = choose_engine(settings)
    dataset = load_dataset(settings)
    parts = split_training(settings, dataset.train, dataset.validation)
    if ranks.rank > 0:
        onlooker = processes.Onlooker(Run.of(chosen).folder)
        train(settings, parts.training, parts.validation, threads, run=onlooker)
        return
    notes = list(dataset.notes)
    if dataset.validation is not None and settings.data.validation != "own":
        notes.append('its own validation part is not used; with data.validation = "own" it chooses the epoch')
    for note in notes:
        err.print(note)
    run = train(settings, parts.training, parts.validation, threads, RichProgress(err), notes=notes)
    out.print(str(run.folder))


@app.command("evaluate")
def evaluate_command(
    run: RunFolder,
    split: Annotated[str, typer.Option(help="One of train, validation, test.")] = "validation",
    engine: EngineOption = None,
    threads: Threads = 0,
) -> None:
    """Score a run on one split. Writes evaluation-SPLIT.json to the run's folder."""
    trained = load_trained(Run.at(run), threads, _engine(engine))
    dataset = load_dataset(trained.config)
    if trained.learned is None:
        trained = trained.trained_on(split_training(trained.config, dataset.train, dataset.validation))
    result = evaluate(trained, split_of(dataset, trained.config, split), split)
    out.print(evaluation_table(result, trained.engine.activity.format(result.rate)))
    with kept_if_possible():
        trained.run.write_text(f"evaluation-{split}.json", result.json())


@app.command("classify")
def classify_command(
    run: RunFolder,
    files: Annotated[list[Path], typer.Argument(help="Recordings, WAV or FLAC; - is standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per file.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Folder to draw one picture per file into.")] = None,
    engine: EngineOption = None,
    threads: Threads = 0,
) -> None:
    """Name the word in each recording. Exit code 0 if all could be used, 1 if some could, 2 if none could."""
    trained = load_trained(Run.at(run), threads, _engine(engine))
    names = ["stdin" if file == STANDARD_INPUT else file.stem for file in files]
    refused = 0
    for file, picture in zip(files, picture_names(names), strict=True):
        try:
            result = classify(trained, file)
            inside = None if plot is None else trained.engine.record(result.batch)[0]
        except InputError as error:
            refused += 1
            err.print(f"error: {error}")
            if as_json:
                _print_json({"file": str(file), "error": str(error)})
            continue
        if result.unheard > 0:
            err.print(f"{file}: the last {result.unheard:.0f} ms lie beyond the trial's end and are ignored")
        if as_json:
            _print_json(result.report())
        else:
            out.print(f"{result.file}: {result.word}")
            out.print(classification_table(result))
        if plot is not None and inside is not None:
            target = expanded(plot) / picture
            with kept_if_possible():
                _draw(trained, result, inside, target)
                err.print(f"picture: {target}")
    if refused:
        raise SystemExit(2 if refused == len(files) else 1)


@app.command(hidden=True, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def crossval(config: ConfigName) -> None:
    """Say where cross-validation has moved."""
    raise InputError(f"cross-validation is an experiment: python -m results crossval {config}")


@app.command()
def doctor() -> None:
    """Show what is installed and whether each engine runs. Exit code 2 if something that is installed does not work."""
    # Here, since only this command needs it.
    from pipeline.doctor import examine

    broken = 0
    for finding in examine():
        broken += finding.status == "fails"
        colour = {"ok": "green", "absent": "yellow", "fails": "red"}[finding.status]
        heading = (f"{finding.status:<6}", colour), " ", (finding.what, "bold"), ": "
        out.print(Text.assemble(*heading, finding.detail))
        if finding.remedy:
            out.print(f"       {finding.remedy}")
    if broken:
        raise InputError(f"{broken} of these {'does' if broken == 1 else 'do'} not work")


def _print_json(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


def _draw(trained: Trained, result: Classification, inside: Recording, target: Path) -> None:
    # Here, since Matplotlib is wanted for pictures only.
    from pipeline.pictures.example import classification
    from pipeline.pictures.save import save

    drawn = (result.audio, result.events, inside, trained.engine.window_table, trained.classes)
    save(classification(*drawn, trained.config.data.dt), target)


def _engine(name: str | None) -> str | None:
    if name is not None and name not in registry.engines():
        raise InputError(f"--engine is {name}; it must be one of {', '.join(registry.engines())}")
    return name


def main() -> None:
    """Run ``python -m pipeline``."""
    guarded(app)
