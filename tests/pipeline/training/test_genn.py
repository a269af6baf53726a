"""Runs on the GeNN engine: trained, killed, continued, and evaluated on the other engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from genn import needs_genn
from interruptions import RICH, Stop, Stopper

from models.engines.genn import available
from models.engines.genn.folders import FOLDER_VARIABLE
from models.errors import InputError
from pipeline.config import Config, config_hash, load_config
from pipeline.evaluation.evaluate import evaluate, split_of
from pipeline.evaluation.trained import load_trained
from pipeline.training.examples import load_dataset, split_training
from pipeline.training.placement import choose_engine
from pipeline.training.run import Run
from pipeline.training.trainer import Progress, train

ON_GENN = "engine=genn"


@pytest.fixture(scope="module", autouse=True)
def code_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(tmp_path_factory.mktemp("genn")))
        yield


def trained(config: Config, progress: Progress | None = None, run: Run | None = None) -> Run:
    dataset = load_dataset(config)
    parts = split_training(config, dataset.train, dataset.validation)
    return train(config, parts.training, parts.validation, 1, progress, run)


def final(run: Run) -> dict[str, np.ndarray[Any, Any]]:
    found = run.load("last")
    assert found is not None
    return dict(found.state)


def assert_same_bits(a: Run, b: Run) -> None:
    one, two = final(a), final(b)
    assert one.keys() == two.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name], err_msg=name)
    assert (a.folder / "metrics.csv").read_text() == (b.folder / "metrics.csv").read_text()


class TestWithGenn:
    pytestmark = needs_genn

    def test_both_engines_learn_the_same_from_the_same_seed(self, words_config: Path) -> None:
        tables = []
        for engine in ("cpu", "genn"):
            run = trained(load_config(words_config, [f"engine={engine}", "training.epochs=4"]))
            tables.append(np.genfromtxt(run.folder / "metrics.csv", delimiter=",", skip_header=1, usecols=(2, 3, 4, 5)))
        np.testing.assert_allclose(tables[0], tables[1], atol=0.02)

    def test_what_one_engine_has_learned_the_other_knows(self, words_config: Path) -> None:
        for engine, other in (("cpu", "genn"), ("genn", "cpu")):
            run = trained(load_config(words_config, [f"engine={engine}"]))
            results = []
            for name in (engine, other):
                loaded = load_trained(run, 1, name)
                assert loaded.engine.name == name
                results.append(evaluate(loaded, split_of(load_dataset(loaded.config), loaded.config, "test"), "test"))
            assert results[0].accuracy == results[1].accuracy > 0.7
            assert results[0].loss == pytest.approx(results[1].loss, rel=1e-3)

    def test_killed_it_ends_with_the_same_bits(self, words_config: Path, tmp_path: Path) -> None:
        overrides = [ON_GENN, "training.epochs=30"]
        config = load_config(words_config, overrides)
        whole = trained(config, run=Run(tmp_path / "whole"))
        run = Run.of(choose_engine(config))
        command = [sys.executable, "-m", "pipeline", "train", str(words_config)]
        command += [word for override in overrides for word in ("--set", override)]
        for wanted in (3, 9):
            process = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 120
            while not (run.folder / "log").exists() or _epochs(run) < wanted:
                assert time.monotonic() < deadline, "too slow"
                assert process.poll() is None, "the run ended before it could be killed"
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert not (run.folder / "result.json").exists()
        trained(config)
        assert_same_bits(run, whole)

    def test_with_all_that_can_be_learned_interruptions_change_no_bit(self, words_config: Path, tmp_path: Path) -> None:
        config = load_config(words_config, [*RICH, ON_GENN, "training.epochs=5"])
        whole, run = trained(config, run=Run(tmp_path / "whole")), Run(tmp_path / "parts")
        for at in (0, 2):
            with pytest.raises(Stop):
                trained(config, Stopper(at), run)
        trained(config, run=run)
        assert_same_bits(run, whole)

    @pytest.mark.slow
    @pytest.mark.skipif("SPOKEN_SPIKES_FSDD" not in os.environ, reason="SPOKEN_SPIKES_FSDD names no folder")
    def test_on_real_words_the_engines_are_as_far_apart_as_seeds(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rounding changes single spikes, and from there the two trainings diverge."""
        monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path))
        found: dict[str, list[float]] = {"cpu": [], "genn": []}
        for seed in (1, 2, 3):
            for engine, accuracies in found.items():
                small = [f"seed={seed}", f"engine={engine}", "network.hidden=64", "training.epochs=4"]
                run = trained(load_config("fsdd", small))
                scores = []
                for name in found:
                    loaded = load_trained(run, 1, "cpu" if name == "cpu" else "genn")
                    test = split_of(load_dataset(loaded.config), loaded.config, "test")
                    scores.append(evaluate(loaded, test, "test").accuracy)
                assert abs(scores[0] - scores[1]) <= 1 / 250
                accuracies.append(scores[0])
        spread = max(np.ptp(accuracies) for accuracies in found.values())
        assert abs(np.mean(found["cpu"]) - np.mean(found["genn"])) <= max(spread, 0.03), found

    def test_the_run_says_what_made_it(self, words_config: Path) -> None:
        run = trained(load_config(words_config, [ON_GENN, "training.epochs=1"]))
        assert 'device = "single_threaded_cpu"' in run.config_path.read_text()
        assert '"pygenn"' in (run.folder / "env.json").read_text()
        assert "engine genn" in (run.folder / "log").read_text()

    def test_e_prop_is_trained_by_the_engine_that_has_it_and_evaluated(self, words_config: Path) -> None:
        run = trained(load_config(words_config, [ON_GENN, "training.method=e-prop", "training.epochs=2"]))
        assert run.config().engine == "genn"
        loaded = load_trained(run, 1)
        assert loaded.engine.name == "genn, e-prop"
        result = evaluate(loaded, split_of(load_dataset(loaded.config), loaded.config, "test"), "test")
        assert np.isfinite(result.loss)
        with pytest.raises(InputError, match='engine "cpu" has other neurons'):
            load_trained(run, 1, "cpu")

    def test_what_the_compiler_says_is_kept_and_the_sentence_quotes_it(
        self, words_config: Path, pipeline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        broken = tmp_path / "bin"
        broken.mkdir()
        (broken / "g++").write_text("#!/bin/sh\necho 'error: no space for code' >&2\nexit 1\n")
        (broken / "g++").chmod(0o755)
        monkeypatch.setenv("PATH", f"{broken}:{os.environ['PATH']}")
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "code"))
        said = pipeline("train", words_config, "--set", ON_GENN).sentence
        assert "error: no space for code" in said
        assert "build.log" in said
        assert "doctor" in said

    def test_what_is_no_number_stops_the_run(self, words_config: Path, pipeline: Callable[..., Any]) -> None:
        said = pipeline("train", words_config, "--set", ON_GENN, "--set", "training.learning_rate=1e38").sentence
        assert "no longer numbers" in said

    @pytest.mark.parametrize(
        ("override", "words"),
        [
            ("loss.kind=max-over-time", "peak voltage"),
            ("network.spike_times=interpolated", "spike_times"),
            ("device=cuda", "built with"),
        ],
    )
    def test_what_it_can_not_do_is_refused(
        self, override: str, words: str, words_config: Path, pipeline: Callable[..., Any]
    ) -> None:
        assert words in pipeline("train", words_config, "--set", ON_GENN, "--set", override).sentence


def _epochs(run: Run) -> int:
    metrics = run.folder / "metrics.csv"
    return len(metrics.read_text().splitlines()) // 2 if metrics.exists() else 0


def test_without_genn_the_engine_is_refused_with_one_sentence(
    words_config: Path, pipeline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("pygenn", "ml_genn"):
        monkeypatch.setitem(sys.modules, package, None)
    said = pipeline("train", words_config, "--set", ON_GENN).sentence
    assert 'engine "genn"' in said
    assert "pygenn" in said
    assert "genn-team.github.io" in said
    assert "ml-genn.readthedocs.io" in said


def test_auto_takes_the_cpu_engine_where_no_gpu_answers(
    words_config: Path, pipeline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(available, "has_gpu", lambda: False)
    answer = pipeline("train", words_config, "--set", "training.epochs=1")
    assert answer.code == 0
    assert "engine cpu" in answer.err


def test_a_run_of_genn_is_evaluated_without_it(
    words_config: Path,
    pipeline: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Weights trained on a GPU run on a laptop."""
    config = load_config(words_config, ["engine=cpu", "training.epochs=2"])
    run = trained(config)
    text = run.config_path.read_text().replace('engine = "cpu"', 'engine = "genn"')
    moved = Run.of(load_config(words_config, ["training.epochs=2"]).model_copy(update={"engine": "genn"}))
    moved.folder.mkdir(parents=True)
    for file in run.folder.iterdir():
        (moved.folder / file.name).write_bytes(file.read_bytes())
    moved.config_path.write_text(text)
    target = moved.folder.with_name(f"{config_hash(text)}-s1")
    moved.folder.rename(target)
    monkeypatch.setattr(available, "missing", lambda: "pygenn can't be imported")
    answer = pipeline("evaluate", target, "--split", "test")
    assert answer.code == 0, answer
    assert "so engine cpu runs it" in caplog.text
