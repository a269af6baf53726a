"""mlGeNN's Eventprop compiler, extended: every window, this project's discretisation, biases, time constants.

mlGeNN provides the tape of spikes in a ring buffer, the events that run back through the synapses, the delays, the
reset of state and the place of the optimisers. `neuron_code` and this module change the generated code; each change
must find the text that it replaces (`edits`).

A trial of GeNN's has one step more than the network's: an event that GeNN's input emits in step f arrives in step
f + 1, which is the network's step f.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_genn.compilers import EventPropCompiler
from ml_genn.neurons import Input as InputNeuron

from models.engines.genn.building import compiler_flags
from models.engines.genn.device_adam import DeviceAdam
from models.engines.genn.edits import copy_values, replace_once
from models.engines.genn.neuron_code import change_hidden, change_output, flush_to_zero, tape_on_demand
from models.engines.genn.neuron_values import CURRENT_VALUES, Values, has_trained_time_constants
from models.engines.genn.program import Program
from models.engines.genn.sums_code import TrialSize


class WindowedEventPropCompiler(EventPropCompiler):  # type: ignore[misc]
    """Compile a network that `translate.to_mlgenn` made.

    ``values`` are by population, ``learned_delays`` mlGeNN's connections, and ``batch`` the examples that run at once
    in all processes.
    """

    def __init__(
        self,
        program: Program,
        values: Mapping[str, Values],
        learned_delays: list[Any],
        batch: int,
        communicator: Any = None,
    ) -> None:
        super().__init__(
            example_timesteps=program.problem.steps + 1,
            losses="sparse_categorical_crossentropy",
            optimiser=DeviceAdam(),
            delay_optimiser=DeviceAdam(),
            delay_learn_conns=learned_delays,
            max_spikes=program.capacity,
            batch_size=batch,
            dt=1.0,
            rng_seed=1,
            backend=program.backend,
            communicator=communicator,
            **compiler_flags(program.backend),
        )
        self._program = program
        self._values = values

    def build_neuron_model(self, pop: Any, model: Any, compile_state: Any) -> Any:
        """Return mlGeNN's model of a population, changed."""
        built = super().build_neuron_model(pop, model, compile_state)
        copy_values(built)
        if pop.neuron.readout is None:
            tape_on_demand(built)
        if isinstance(pop.neuron, InputNeuron):
            return built
        population = self._program.network.populations[pop.name]
        for name, value in self._values[pop.name].items():
            if name == "ExpDecay" or (name == "IScale" and not has_trained_time_constants(population)):
                continue
            if built.has_param(name):
                built.param_vals[name] = value
            else:
                built.add_param(name, "scalar", value)
        size = TrialSize(self.example_timesteps, self.batch_size)
        if pop.neuron.readout is None:
            change_hidden(built, population, size, self._program.problem.least_slope)
        else:
            change_output(built, population, size, self.dt)
        return built

    def build_synapse_model(self, conn: Any, model: Any, compile_state: Any) -> Any:
        """Return mlGeNN's model of a current, with its target's time constants."""
        built = super().build_synapse_model(conn, model, compile_state)
        values = self._values[conn.target().name]
        built.param_vals = dict(built.param_vals) | {name: values[name] for name in CURRENT_VALUES}
        replace_once(built, "sim_code", "inSyn *= ExpDecay;", "inSyn *= ExpDecay;\n" + flush_to_zero("inSyn"))
        return built

    def build_weight_update_model(self, conn: Any, connect_snippet: Any, compile_state: Any) -> Any:
        """Return mlGeNN's model of synapses that run events back, in terms of p_I and dp_I/dt."""
        built = super().build_weight_update_model(conn, connect_snippet, compile_state)
        fed_back = conn in compile_state.feedback_connections
        learned = conn in self.delay_learn_conns
        delay = "delay" if learned else "d" if "d" in built.param_vals else ""
        at = f"[{delay}]" if delay else ""
        # Farther back than this trial has come, the queue still holds adjoints of the trial before.
        condition = f"if ({delay} < (int)round(t)) " if delay else ""
        code = "pre_event_syn_code"
        old = f"Gradient -= (LambdaI_post{at} * TauSyn);"
        replace_once(built, code, old, f"{condition}Gradient += LambdaI_post{at};")
        if learned:
            old = "DelayGradient -= g * (LambdaI_post[delay] - LambdaV_post[delay]);"
            replace_once(built, code, old, f"{condition}DelayGradient += g * SpikeTimeGradient_post[delay];")
        if fed_back:
            old = f"addToPre(g * (LambdaV_post{at} - LambdaI_post{at}));"
            replace_once(built, code, old, f"{condition}{{ addToPre(g * SpikeTimeGradient_post{at}); }}")
        if learned or fed_back:
            built.add_post_neuron_var_ref("SpikeTimeGradient_post", "scalar", "SpikeTimeGradient")
        return built
