"""The CUDA engine's entry: what is missing, what it refuses, and when it is chosen; without numba-cuda and a GPU."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
from event_nets import Plan, draw

from models.engines.cuda import device
from models.engines.cuda.entry import CudaEntry
from models.engines.registry import choose, choose_for_trained
from models.errors import InputError
from models.losses import CrossEntropy, FirstSpike, MaxOverTime, MeanSquare
from models.problem import Problem
from models.windows import Uniform

LOSS = CrossEntropy(Uniform())


def problem(loss: Any = LOSS, plan: Plan | None = None, spiking: bool = False, **settings: Any) -> Problem:
    return draw(plan or Plan(), 1, spiking).problem(loss, **settings)


REFUSED = [
    (problem(MaxOverTime()), "observes peak voltages"),
    (problem(MeanSquare()), "observes voltages"),
    (problem(FirstSpike(), spiking=True), "observes first spikes"),
    (problem(LOSS, spiking=True), "no spiking outputs"),
    (problem(spike_times="interpolated"), "interpolated"),
    (problem(plan=Plan(delayed=("input",))), "no delays of single synapses"),
    (problem(plan=Plan(((4097, False),))), "4096 neurons in a layer, and network.hidden has 4097"),
    (problem(plan=Plan(channels=10_001)), "10000 input channels, and the data have 10001"),
]


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "missing", lambda: None)


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(("wrong", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_it_can_not_do_is_refused_and_it_is_said_which_engine_can(wrong: Problem, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        choose(wrong, "cuda")
    assert 'engine = "cpu"' in str(error.value)


@pytest.mark.usefixtures("_here")
def test_where_a_gpu_answers_auto_takes_it_for_what_it_can_do() -> None:
    chosen = choose(problem())
    assert (chosen.entry.engine, chosen.device) == ("cuda", "cuda")
    other = choose(problem(spike_times="interpolated"))
    assert other.entry.engine == "cpu"
    assert "cuda has spikes on the time grid only" in other.why
    with pytest.raises(InputError, match="device is 'hip'"):
        CudaEntry().choose_device("hip")


def test_without_numba_cuda_or_a_gpu_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for installed, capabilities, words in (
        (False, [], "numba-cuda is not installed"),
        (True, [], "no NVIDIA GPU answers"),
        (True, [(6, 1)], "compute capability 6.1; 7.0 or newer"),
    ):
        spec = object() if installed else None
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, spec=spec: spec)
        monkeypatch.setattr(device, "capabilities", lambda found=capabilities: found)
        with pytest.raises(InputError, match=words) as error:
            choose(problem(), "cuda")
        assert "pip install -r requirements-cuda.txt" in str(error.value)
        assert choose(problem()).entry.engine == "cpu"
        assert choose_for_trained(problem(), "cuda", "cuda").entry.engine == "cpu"


def test_the_driver_is_asked_which_gpus_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    class Driver:
        devices = 2

        def cuInit(self, flags: int) -> int:
            return 0

        def cuDeviceGetCount(self, count: Any) -> int:
            count._obj.value = self.devices
            return 0

        def cuDeviceGet(self, handle: Any, number: int) -> int:
            handle._obj.value = number
            return 0

        def cuDeviceGetAttribute(self, value: Any, attribute: int, handle: Any) -> int:
            value._obj.value = {75: (9, 8), 76: (0, 6)}[attribute][handle.value]
            return 0

    def load(name: str) -> Driver:
        assert name == "libcuda.so.1"
        return Driver()

    monkeypatch.setattr(ctypes, "CDLL", load)
    assert device.capabilities() == [(9, 0), (8, 6)]
    monkeypatch.setattr(Driver, "devices", 0)
    assert device.capabilities() == []
    monkeypatch.setattr(ctypes, "CDLL", lambda name: (_ for _ in ()).throw(OSError(name)))
    assert device.capabilities() == []


def test_the_doctor_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    [found] = CudaEntry().examine()
    assert (found.status, found.remedy) == ("absent", device.INSTALL)


def test_training_on_it_ends_with_the_sentence(
    words_config: Any, pipeline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "missing", lambda: "no NVIDIA GPU answers (check the driver with nvidia-smi)")
    answer = pipeline("train", str(words_config), "--set", "engine=cuda")
    assert answer.code == 2
    assert 'engine "cuda": no NVIDIA GPU answers' in answer.err
    assert "Traceback" not in answer.err
