"""Which engine a config runs on."""

from __future__ import annotations

from typing import Literal

from models.engines.genn import available

EngineName = Literal["cpu", "genn"]
BackendName = Literal["auto", "cuda", "hip", "single_threaded_cpu"]


def choose_engine(wanted: str, backend: BackendName, possible: bool) -> tuple[EngineName, BackendName]:
    """Return engine and backend.

    Parameters
    ----------
    wanted : {"auto", "cpu", "genn"}
        "auto" takes GeNN where it imports, a GPU answers and it can do what is asked, else the CPU engine.
    backend : str
        GeNN's name for one, or "auto".
    possible : bool
        Whether GeNN can do what is asked.

    Raises
    ------
    InputError
        If GeNN is wanted and not here, or does not have the backend.
    """
    if wanted == "genn" or (wanted == "auto" and possible and available.has_gpu()):
        return "genn", available.choose(backend)
    return "cpu", backend


def at_hand(engine: EngineName) -> tuple[EngineName, str]:
    """Return the engine to run trained weights on, and why it is another than the one that trained them, or "".

    The same weights give the same spikes on both.
    """
    reason = available.missing() if engine == "genn" else None
    return ("cpu", f"trained by the GeNN engine; {reason}, so the CPU engine runs it") if reason else (engine, "")


def backend_at_hand(backend: BackendName) -> BackendName:
    """Return GeNN's backend to run trained weights on: the one that trained them where it runs here, or "auto"."""
    here = any(own == backend and available.answers(own) for own in available.backends())
    return backend if here else "auto"
