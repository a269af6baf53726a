"""mlGeNN's Eventprop compiler, extended: every window, this project's discretisation, biases, time constants.

What stays mlGeNN's: the tape of spikes in a ring buffer, the events that run back through the synapses, delays, the
reset of state, the optimisers' place. What is changed in the code that it generates, each change in one place and
checked to find what it changes (`edits`):

- The adjoints are p_V = dL/dV and p_I = dL/dI themselves, and a step backward is the transpose of the step forward, the
  same as the CPU engine's (`models.engines.cpu.backward`). A spike's jump comes before the decay of its step, and what
  its time means to its targets is the central difference of p_I. So a gradient is the gradient: mlGeNN's lacks a factor
  tau_mem.
- The output's drive is the window at the backward step times what the host says of the loss (`LossGradient`): labels,
  softmax, smoothing and temperature never are on the device, and the loss is that of `models.losses`.
- A trial has one step more than the network's: an event that GeNN's input emits in step f arrives in step f + 1, which
  is the network's step f. In the last one nobody spikes: the spike could act on nothing but the next trial, and could
  not be taped.
- Spikes are taped where `Tape` says so, and counted wherever they happen.

`LambdaV`, `LambdaI` and other names that mlGeNN gave are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from ml_genn.compilers import EventPropCompiler
from ml_genn.neurons import Input as InputNeuron
from pygenn import VarAccess

from models.engines.genn.edits import replace_once
from models.engines.genn.optimiser import DeviceAdam
from models.engines.genn.populations import CURRENT_VALUES, Values, wants_sums
from models.network import Leaky, Network

SUMS = ("SumV", "SumVV", "SumVI", "SumII")
"""Rows 1 to 4 of `models.engines.time_constants`."""

_TINY = 1e-30
"""States below this become 0: a CPU's arithmetic is slow with denormal numbers."""

_TAPE_CONDITION = "if(RingWriteOffset != RingReadEndOffset) {"

_RECEDE = """
const scalar endI = LambdaI;
LambdaI = (Beta * LambdaI) + (Gain * LambdaV);
"""

_JUMP = """
const scalar slope = RingIMinusV[ringOffset + RingReadOffset];
const scalar jump = ((Vthresh * LambdaV / Alpha) - (RevISyn * TauMem)) / slope + Push;
LambdaV += Alpha * jump;
LambdaI += Gain * jump;
"""

_OUTPUT_RECEDE = """
const scalar endI = LambdaI;
LambdaI = (Beta * LambdaI) + (Gain * (LambdaV + drive));
"""

_FLUSH = "{0} = (fabs({0}) < {1}) ? 0.0 : {0};"

_INSIDE = """
const int row = ({half}) * {steps} + (int)round({at});
const int inside = (row * num_batch + batch) * num_neurons + id;
"""


class WindowedEventPropCompiler(EventPropCompiler):  # type: ignore[misc]
    """Compile a network that `describe.describe` made.

    Parameters
    ----------
    network : Network
    values : dict of str to Values
        By population.
    steps : int
        Of a trial; GeNN's has one more.
    least_slope : float
        See `models.engines.cpu.engine.CpuEngine`.
    learned_delays : list of ml_genn.Connection
    capacity : int
        Spikes of a neuron that the tape has room for, in two consecutive trials.
    batch : int
        Examples that run at once, in all processes.
    backend : str
        GeNN's name for it.
    communicator : ml_genn.communicators.Communicator, optional
    """

    def __init__(
        self,
        network: Network,
        values: Mapping[str, Values],
        steps: int,
        least_slope: float,
        learned_delays: list[Any],
        capacity: int,
        batch: int,
        backend: str,
        communicator: Any = None,
    ) -> None:
        # GeNN's flags have no -O of their own; unused by a GPU's compiler, which optimises.
        flags = {"optimize_code": True} if backend == "single_threaded_cpu" else {}
        super().__init__(
            example_timesteps=steps + 1,
            losses="sparse_categorical_crossentropy",
            optimiser=DeviceAdam(),
            delay_optimiser=DeviceAdam(),
            delay_learn_conns=learned_delays,
            max_spikes=capacity,
            batch_size=batch,
            dt=1.0,
            rng_seed=1,
            backend=backend,
            communicator=communicator,
            **flags,
        )
        self._network = network
        self._values = values
        self._least_slope = least_slope

    def build_neuron_model(self, pop: Any, model: Any, compile_state: Any) -> Any:
        """Return mlGeNN's model of a population, changed."""
        built = super().build_neuron_model(pop, model, compile_state)
        for kind in ("param_vals", "var_vals", "egp_vals"):
            setattr(built, kind, dict(getattr(built, kind)))
        if pop.neuron.readout is None:
            _tape_where_wanted(built)
        if isinstance(pop.neuron, InputNeuron):
            return built
        population = self._network.populations[pop.name]
        for name, value in self._values[pop.name].items():
            if name == "ExpDecay" or (name == "IScale" and not wants_sums(population)):
                continue
            if built.has_param(name):
                built.param_vals[name] = value
            else:
                built.add_param(name, "scalar", value)
        built.add_var("Moved", "scalar", 0.0)
        if pop.neuron.readout is None:
            self._extend_hidden(built, population)
        else:
            self._extend_output(built, population)
        return built

    def build_synapse_model(self, conn: Any, model: Any, compile_state: Any) -> Any:
        """Return mlGeNN's model of a current, with its target's time constants."""
        built = super().build_synapse_model(conn, model, compile_state)
        values = self._values[conn.target().name]
        built.param_vals = dict(built.param_vals) | {name: values[name] for name in CURRENT_VALUES}
        replace_once(built, "sim_code", "inSyn *= ExpDecay;", "inSyn *= ExpDecay;\n" + _FLUSH.format("inSyn", _TINY))
        return built

    def build_weight_update_model(self, conn: Any, connect_snippet: Any, compile_state: Any) -> Any:
        """Return mlGeNN's model of synapses that run events back, in terms of p_I and dp_I/dt."""
        built = super().build_weight_update_model(conn, connect_snippet, compile_state)
        fed_back = conn in compile_state.feedback_connections
        learned = conn in self.delay_learn_conns
        delay = "delay" if learned else "d" if "d" in built.param_vals else ""
        at = f"[{delay}]" if delay else ""
        # A queue still holds adjoints of the trial before, further back than this one has come.
        condition = f"if ({delay} < (int)round(t)) " if delay else ""
        code = "pre_event_syn_code"
        old = f"Gradient -= (LambdaI_post{at} * TauSyn);"
        replace_once(built, code, old, f"{condition}Gradient += LambdaI_post{at};")
        if learned:
            old = "DelayGradient -= g * (LambdaI_post[delay] - LambdaV_post[delay]);"
            replace_once(built, code, old, f"{condition}DelayGradient += g * Moved_post[delay];")
        if fed_back:
            old = f"addToPre(g * (LambdaV_post{at} - LambdaI_post{at}));"
            replace_once(built, code, old, f"{condition}{{ addToPre(g * Moved_post{at}); }}")
        if learned or fed_back:
            built.add_post_neuron_var_ref("Moved_post", "scalar", "Moved")
        return built

    def _extend_hidden(self, built: Any, population: Leaky) -> None:
        last = self.example_timesteps - 1.5
        replace_once(built, "sim_code", "LambdaI = (A * LambdaV * (Beta - Alpha)) + (LambdaI * Beta);", _RECEDE)
        replace_once(
            built,
            "sim_code",
            "LambdaV += (1.0 / RingIMinusV[ringOffset + RingReadOffset]) * (Vthresh * LambdaV + RevISyn);",
            _JUMP,
        )
        flush = "\n".join(_FLUSH.format(name, _TINY) for name in ("LambdaV", "LambdaI"))
        backward = f"""
            {flush}
            Moved = (TimeCurrent * LambdaI) - (TimeVoltage * LambdaV);
            {self._sums(built, population)}
            if (t == 0.0) {{ SpikeCount = 0; }}
            // Forward pass
            """
        replace_once(built, "sim_code", "// Forward pass", backward)
        forward = f"""
            const scalar current = Isyn + ((t > 0.0) ? Bias : 0.0);
            {self._inside(population)}
            V = (Alpha * V) + ((1.0 - Alpha) * current);
            {_FLUSH.format("V", _TINY)}
            if (t > {last} && V >= Vthresh) {{ SpikeCount++; }}
            """
        replace_once(built, "sim_code", "V = (Alpha * V) + ((1.0 - Alpha) * Isyn);", forward)
        replace_once(built, "threshold_condition_code", "V >= Vthresh", f"V >= Vthresh && t < {last}")
        replace_once(
            built, "reset_code", "(Isyn * IsynScale) - V", f"fmax(Isyn + Bias - V, {max(self._least_slope, _TINY)})"
        )
        built.append_reset_code("SpikeCount++;")
        built.add_var("SpikeCount", "int", 0)
        built.add_var("Push", "scalar", 0.0, VarAccess.READ_ONLY)

    def _extend_output(self, built: Any, population: Leaky) -> None:
        steps = self.example_timesteps
        replace_once(built, "sim_code", "const scalar g = (id == YTrueBack) ? (1.0 - Softmax) : -Softmax;", "")
        replace_once(
            built,
            "sim_code",
            f"drive = g / (TauM * num_batch * {self.dt * steps});",
            "drive = LossGradient * Window[(int)round(backT)];",
        )
        replace_once(
            built,
            "sim_code",
            "LambdaI = drive + ((LambdaI - drive) * Beta) + (A * (LambdaV - drive) * (Alpha - Beta));",
            _OUTPUT_RECEDE,
        )
        # Where this step's drive is taken from the window's last step, the next one's is from the one before.
        backward = f"""
            LambdaV = Alpha * (LambdaV + drive);
            Moved = (TimeCurrent * LambdaI) - (TimeVoltage * LambdaV)
                - (TimeDrive * LossGradient * Window[max(0, (int)round(backT) - 1)]);
            {self._sums(built, population)}
            """
        replace_once(built, "sim_code", "LambdaV = drive + ((LambdaV - drive) * Alpha);", backward)
        forward = f"""
            const scalar current = Isyn + ((t > 0.0) ? Bias : 0.0);
            {self._inside(population)}
            V = (Alpha * V) + ((1.0 - Alpha) * current);
            {_FLUSH.format("V", _TINY)}
            """
        replace_once(built, "sim_code", "V = (Alpha * V) + ((1.0 - Alpha) * Isyn) + Bias;", forward)
        built.add_var("LossGradient", "scalar", 0.0, VarAccess.READ_ONLY_DUPLICATE)

    def _sums(self, built: Any, population: Leaky) -> str:
        """Return the code that adds a backward step to the sums of biases' and time constants' gradients."""
        trained = wants_sums(population)
        if not (trained or population.bias):
            return ""
        names = SUMS if trained else SUMS[:1]
        for name in names:
            built.add_var(name, "scalar", 0.0)
        if not trained:
            return "if (backT > 0.5) { SumV += LambdaV / Alpha; }"
        room = 2 * self.example_timesteps * self.batch_size * population.size
        built.add_egp("InsideV", "scalar*", np.zeros(room, np.float32))
        built.add_egp("InsideI", "scalar*", np.zeros(room, np.float32))
        built.add_param("Half", "int", 0)
        built.set_param_dynamic("Half")
        if not built.has_param("Tape"):
            _add_tape(built)
        where = _INSIDE.format(half="1 - Half", steps=self.example_timesteps, at="backT")
        return f"""
            if (backT > 0.5) {{
                {where}
                const scalar endV = LambdaV / Alpha;
                SumV += endV;
                SumVV += endV * InsideV[inside];
                SumVI += endV * InsideI[inside];
                SumII += endI * InsideI[inside];
            }}
            """

    def _inside(self, population: Leaky) -> str:
        """Return the code that keeps what `_sums` needs of a forward step."""
        if not wants_sums(population):
            return ""
        where = _INSIDE.format(half="Half", steps=self.example_timesteps, at="t")
        return f"""
            if (Tape > 0.0) {{
                {where}
                InsideV[inside] = V;
                InsideI[inside] = Isyn / IScale;
            }}
            """


def _tape_where_wanted(built: Any) -> None:
    replace_once(built, "reset_code", _TAPE_CONDITION, "if (Tape > 0.0 && RingWriteOffset != RingReadEndOffset) {")
    _add_tape(built)


def _add_tape(built: Any) -> None:
    built.add_param("Tape", "scalar", 0.0)
    built.set_param_dynamic("Tape")
