"""mlGeNN's e-prop compiler, extended: every window, targets from the host, trials that leave nothing behind.

The loss is the windowed mean over time of the cross-entropy of softmax(scale V(t) / temperature). Neurons are mlGeNN's
for e-prop: a spike charges its target at once instead of by a current that decays, and with the charge that current
would have brought, tau_syn / tau_mem of its weight; at a spike the threshold is subtracted.

An input event takes a step of GeNN's to arrive, the softmax of a step's voltages is what the next step's error sees,
and that reaches output weights one step later and, by way of the feedback, hidden ones two: so GeNN's trial is longer
than the network's. What meets in a step is mlGeNN's choice: an eligibility trace with the error of voltages three steps
before.
"""

from __future__ import annotations

from typing import Any

from ml_genn.compilers import EPropCompiler
from ml_genn.compilers.compiler import create_reset_custom_update
from ml_genn.neurons import Input as InputNeuron
from pygenn import VarAccess, create_var_ref, create_wu_post_var_ref, create_wu_pre_var_ref, create_wu_var_ref

from models.engines.genn.edits import replace_once
from models.engines.genn.optimiser import DeviceAdam
from models.network import Network

BEFORE, AFTER = 2, 2
"""GeNN's steps before the one that sees the first voltages' error, and after the one that sees the last's."""

LATE = BEFORE + AFTER
"""Steps that GeNN's trial has more than the network's."""


class WindowedEPropCompiler(EPropCompiler):  # type: ignore[misc]
    """Compile a network for e-prop.

    Parameters
    ----------
    network : Network
        With one hidden layer.
    steps : int
        Of a trial.
    dt : float
        Step in ms; GeNN's is 1.
    temperature : float
        Of the softmax over voltages.
    strength, target : float
        Of the firing-rate regulariser: mlGeNN's c_reg, and spikes an example and neuron.
    lanes : int
        Examples that run at once.
    backend : str
    """

    def __init__(
        self,
        network: Network,
        steps: int,
        dt: float,
        temperature: float,
        strength: float,
        target: float,
        lanes: int,
        backend: str,
    ) -> None:
        flags = {"optimize_code": True} if backend == "single_threaded_cpu" else {}
        super().__init__(
            example_timesteps=steps + LATE,
            losses="sparse_categorical_crossentropy",
            optimiser=DeviceAdam(),
            tau_reg=500.0 / dt,
            c_reg=strength,
            f_target=1000.0 * target / steps,
            train_output_bias=False,
            dt=1.0,
            batch_size=lanes,
            rng_seed=1,
            backend=backend,
            **flags,
        )
        self._network = network
        self._steps = steps
        self._temperature = temperature

    def add_softmax_custom_updates(self, *args: Any, **kwargs: Any) -> None:
        """Add mlGeNN's softmax, with this loss's temperature."""
        super().add_softmax_custom_updates(*args, **kwargs | {"temperature": self._temperature})

    def build_neuron_model(self, pop: Any, model: Any, compile_state: Any) -> Any:
        """Return mlGeNN's model of a population, changed."""
        built = super().build_neuron_model(pop, model, compile_state)
        for kind in ("param_vals", "var_vals", "egp_vals"):
            setattr(built, kind, dict(getattr(built, kind)))
        if isinstance(pop.neuron, InputNeuron):
            return built
        population = self._network.populations[pop.name]
        built.add_param("Charge", "scalar", population.tau_syn / population.tau_mem)
        replace_once(built, "sim_code", "V = (Alpha * V) + Isyn", "V = (Alpha * V) + (Charge * Isyn)")
        if pop.neuron.readout is None:
            last = self._steps - 0.5
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
            # Where fewer examples run than could, the other lanes' errors count nothing.
            for name in ("Target", "Learned"):
                built.add_var(name, "scalar", 0.0, VarAccess.READ_ONLY_DUPLICATE)
        return built

    def create_compiled_network(
        self, genn_model: Any, neuron_populations: Any, connection_populations: Any, compile_state: Any
    ) -> Any:
        """Return mlGeNN's compiled network, which at a reset forgets all that a trial did: mlGeNN's goes on from it."""
        for pop, group in neuron_populations.items():
            if isinstance(pop.neuron, InputNeuron):
                continue
            names = ["V", "E"] + ([] if pop.neuron.readout is not None else ["RefracTime"])
            variables = [(name, "scalar", 0.0) for name in names]
            if pop.neuron.readout is not None:
                variables.append(("VSoftmax", "scalar", 1.0 / group.num_neurons))
            self._forget(genn_model, variables, lambda name, g=group: create_var_ref(g, name), f"Neuron{pop.name}")
        rate = self.f_target * self.dt / 1000.0
        for conn, group in connection_populations.items():
            self._forget(
                genn_model,
                [("ZFilter", "scalar", 0.0)],
                lambda name, g=group: create_wu_pre_var_ref(g, name),
                f"Pre{conn.name}",
            )
            if conn.target().neuron.readout is not None:
                continue
            self._forget(
                genn_model,
                [("eFiltered", "scalar", 0.0)],
                lambda name, g=group: create_wu_var_ref(g, name),
                f"Synapse{conn.name}",
            )
            self._forget(
                genn_model,
                [("Psi", "scalar", 0.0), ("FAvg", "scalar", rate)],
                lambda name, g=group: create_wu_post_var_ref(g, name),
                f"Post{conn.name}",
            )
        return super().create_compiled_network(genn_model, neuron_populations, connection_populations, compile_state)

    def _forget(self, genn_model: Any, variables: list[Any], reference: Any, name: str) -> None:
        model = create_reset_custom_update(variables, reference)
        self.add_custom_update(genn_model, model, "Forget", f"CUForget{name}")
