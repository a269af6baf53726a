"""mlGeNN's e-prop compiler, extended: every window, targets from the host, trials that do not affect the next one.

The loss is the windowed mean over time of the cross-entropy of softmax(scale V(t) / temperature). The neurons are
mlGeNN's neurons for e-prop. A spike charges its target at once, without a synaptic current; its charge is the one that
the current would have brought, tau_syn / tau_mem times the weight. A spike subtracts the threshold from the voltage.

GeNN's trial is longer than the network's: an input event takes one step to arrive, the error of a step uses the softmax
of the voltages one step before, and that error reaches the output weights one step later and, through the feedback, the
hidden weights two steps later. mlGeNN thus multiplies an eligibility trace by the error of voltages three steps before.
"""

from __future__ import annotations

from typing import Any

from ml_genn.compilers import EPropCompiler
from ml_genn.compilers.compiler import create_reset_custom_update
from ml_genn.neurons import Input as InputNeuron
from pygenn import VarAccess, create_var_ref, create_wu_post_var_ref, create_wu_pre_var_ref, create_wu_var_ref

from models.engines.genn.building import compiler_flags
from models.engines.genn.device_adam import DeviceAdam
from models.engines.genn.edits import copy_values, replace_once
from models.engines.genn.program import Program

BEFORE, AFTER = 2, 2
"""GeNN's steps before the one that uses the error of the first voltages, and after the one that uses the last's."""

EXTRA_STEPS = BEFORE + AFTER
"""Steps by which GeNN's trial is longer than the network's."""


class WindowedEPropCompiler(EPropCompiler):  # type: ignore[misc]
    """Compile a network with one hidden layer for e-prop.

    Parameters
    ----------
    temperature : float
        Divides the output voltages before the softmax.
    """

    def __init__(self, program: Program, temperature: float) -> None:
        problem, regulariser = program.problem, program.problem.regulariser
        super().__init__(
            example_timesteps=problem.steps + EXTRA_STEPS,
            losses="sparse_categorical_crossentropy",
            optimiser=DeviceAdam(),
            tau_reg=500.0 / problem.dt,
            c_reg=regulariser.strength,
            f_target=1000.0 * regulariser.target / problem.steps,
            train_output_bias=False,
            dt=1.0,
            batch_size=program.lanes,
            rng_seed=1,
            backend=program.backend,
            **compiler_flags(program.backend),
        )
        self._problem, self._temperature = problem, temperature

    def add_softmax_custom_updates(self, *args: Any, **kwargs: Any) -> None:
        """Add mlGeNN's softmax, with this loss's temperature."""
        super().add_softmax_custom_updates(*args, **kwargs | {"temperature": self._temperature})

    def build_neuron_model(self, pop: Any, model: Any, compile_state: Any) -> Any:
        """Return mlGeNN's model of a population, changed."""
        built = super().build_neuron_model(pop, model, compile_state)
        copy_values(built)
        if isinstance(pop.neuron, InputNeuron):
            return built
        population = self._problem.network.populations[pop.name]
        built.add_param("Charge", "scalar", population.tau_syn / population.tau_mem)
        replace_once(built, "sim_code", "V = (Alpha * V) + Isyn", "V = (Alpha * V) + (Charge * Isyn)")
        if pop.neuron.readout is None:
            last = self._problem.steps - 0.5
            built.append_sim_code(
                f"""
                if (t == 0.0) {{ SpikeCount = 0; }}
                if (t > {last} && t < {last + 1} && V >= Vthresh) {{ SpikeCount++; }}
                """
            )
            replace_once(built, "threshold_condition_code", "V >= Vthresh", f"V >= Vthresh && t < {last}")
            built.append_reset_code("SpikeCount++;")
            built.add_var("SpikeCount", "int", 0)
        else:
            replace_once(built, "sim_code", "const scalar yTrue = (id == YTrue) ? 1.0 : 0.0;", "")
            error = "E = Learned * Window[(int)round(t)] * (VSoftmax - Target);"
            replace_once(built, "sim_code", "E = VSoftmax - yTrue;", error)
            # Where fewer examples run than there are lanes, the errors of the other lanes are 0.
            for name in ("Target", "Learned"):
                built.add_var(name, "scalar", 0.0, VarAccess.READ_ONLY_DUPLICATE)
        return built

    def create_compiled_network(
        self, genn_model: Any, neuron_populations: Any, connection_populations: Any, compile_state: Any
    ) -> Any:
        """Return mlGeNN's compiled network with a reset of all state, which mlGeNN carries on to the next trial."""
        for pop, group in neuron_populations.items():
            if isinstance(pop.neuron, InputNeuron):
                continue
            own = {"RefracTime": 0.0} if pop.neuron.readout is None else {"VSoftmax": 1.0 / group.num_neurons}
            self._forget(genn_model, f"Neuron{pop.name}", create_var_ref, group, V=0.0, E=0.0, **own)
        rate = self.f_target * self.dt / 1000.0
        for conn, group in connection_populations.items():
            self._forget(genn_model, f"Pre{conn.name}", create_wu_pre_var_ref, group, ZFilter=0.0)
            if conn.target().neuron.readout is None:
                self._forget(genn_model, f"Synapse{conn.name}", create_wu_var_ref, group, eFiltered=0.0)
                self._forget(genn_model, f"Post{conn.name}", create_wu_post_var_ref, group, Psi=0.0, FAvg=rate)
        return super().create_compiled_network(genn_model, neuron_populations, connection_populations, compile_state)

    def _forget(self, genn_model: Any, name: str, reference: Any, group: Any, **values: float) -> None:
        """Add a custom update that sets variables of a group, which ``reference`` refers to, to these values."""
        variables = [(variable, "scalar", value) for variable, value in values.items()]
        model = create_reset_custom_update(variables, lambda variable: reference(group, variable))
        self.add_custom_update(genn_model, model, "Forget", f"CUForget{name}")
