"""Changes to the neuron models that mlGeNN generates for Eventprop.

The adjoints are p_V = dL/dV and p_I = dL/dI themselves, and a backward step is the transpose of the forward step, as in
`models.engines.cpu.backward`. At a spike the jump comes before the decay of its step, and the term for the spike's time
is the central difference of p_I (``SpikeTimeGradient``). Every gradient is therefore the true one; mlGeNN's is the true
gradient divided by tau_mem. `LambdaV`, `LambdaI` and other names of mlGeNN's are kept.
"""

from __future__ import annotations

from typing import Any

from pygenn import VarAccess

from models.engines.genn.edits import replace_once
from models.engines.genn.sums_code import TrialSize, add_sums, add_tape_switch, keep_states
from models.network import Leaky

TINY = 1e-30
"""States below this become 0: a CPU computes slowly with denormal numbers."""

_HIDDEN_BACKWARD_CURRENT = """
const scalar endI = LambdaI;
LambdaI = (Beta * LambdaI) + (Gain * LambdaV);
"""

_OUTPUT_BACKWARD_CURRENT = """
const scalar endI = LambdaI;
LambdaI = (Beta * LambdaI) + (Gain * (LambdaV + drive));
"""

_JUMP = """
const scalar slope = RingIMinusV[ringOffset + RingReadOffset];
const scalar jump = ((Vthresh * LambdaV / Alpha) - (RevISyn * TauMem)) / slope + Push;
LambdaV += Alpha * jump;
LambdaI += Gain * jump;
"""


def flush_to_zero(variable: str) -> str:
    """Return the code that sets a variable to 0 where it is smaller than `TINY`."""
    return f"{variable} = (fabs({variable}) < {TINY}) ? 0.0 : {variable};"


def tape_on_demand(built: Any) -> None:
    """Let a neuron model record its spikes for the backward pass only where ``Tape`` says so."""
    condition = "if(RingWriteOffset != RingReadEndOffset) {"
    replace_once(built, "reset_code", condition, "if (Tape > 0.0 && RingWriteOffset != RingReadEndOffset) {")
    add_tape_switch(built)


def change_hidden(built: Any, population: Leaky, size: TrialSize, least_slope: float) -> None:
    """Change the model of hidden neurons; ``least_slope`` is that of `models.problem.Problem`."""
    # In GeNN's last step no neuron spikes: the spike could only act on the next trial, and could not be taped.
    last = size.steps - 1.5
    replace_once(
        built, "sim_code", "LambdaI = (A * LambdaV * (Beta - Alpha)) + (LambdaI * Beta);", _HIDDEN_BACKWARD_CURRENT
    )
    mlgenn_jump = "LambdaV += (1.0 / RingIMinusV[ringOffset + RingReadOffset]) * (Vthresh * LambdaV + RevISyn);"
    replace_once(built, "sim_code", mlgenn_jump, _JUMP)
    backward = f"""
        {flush_to_zero("LambdaV")}
        {flush_to_zero("LambdaI")}
        SpikeTimeGradient = (TimeCurrent * LambdaI) - (TimeVoltage * LambdaV);
        {add_sums(built, population, size)}
        if (t == 0.0) {{ SpikeCount = 0; }}
        // Forward pass
        """
    replace_once(built, "sim_code", "// Forward pass", backward)
    forward = f"""
        {_forward(population, size)}
        if (t > {last} && V >= Vthresh) {{ SpikeCount++; }}
        """
    replace_once(built, "sim_code", "V = (Alpha * V) + ((1.0 - Alpha) * Isyn);", forward)
    replace_once(built, "threshold_condition_code", "V >= Vthresh", f"V >= Vthresh && t < {last}")
    slope = f"fmax(Isyn + Bias - V, {max(least_slope, TINY)})"
    replace_once(built, "reset_code", "(Isyn * IsynScale) - V", slope)
    built.append_reset_code("SpikeCount++;")
    built.add_var("SpikeCount", "int", 0)
    built.add_var("SpikeTimeGradient", "scalar", 0.0)
    built.add_var("Push", "scalar", 0.0, VarAccess.READ_ONLY)


def change_output(built: Any, population: Leaky, size: TrialSize, dt: float) -> None:
    """Change the model of output neurons.

    The drive of their adjoint is the window at the backward step times the loss's derivative, which the host writes to
    ``LossGradient``: labels, softmax, smoothing and temperature stay on the host, and the loss is that of
    `models.losses`. ``dt`` is mlGeNN's step.
    """
    replace_once(built, "sim_code", "const scalar g = (id == YTrueBack) ? (1.0 - Softmax) : -Softmax;", "")
    mlgenn_drive = f"drive = g / (TauM * num_batch * {dt * size.steps});"
    replace_once(built, "sim_code", mlgenn_drive, "drive = LossGradient * Window[(int)round(backT)];")
    mlgenn_current = "LambdaI = drive + ((LambdaI - drive) * Beta) + (A * (LambdaV - drive) * (Alpha - Beta));"
    replace_once(built, "sim_code", mlgenn_current, _OUTPUT_BACKWARD_CURRENT)
    # The central difference spans two steps: this step's drive, and that of the step before in time.
    backward = f"""
        LambdaV = Alpha * (LambdaV + drive);
        SpikeTimeGradient = (TimeCurrent * LambdaI) - (TimeVoltage * LambdaV)
            - (TimeDrive * LossGradient * Window[max(0, (int)round(backT) - 1)]);
        {add_sums(built, population, size)}
        """
    replace_once(built, "sim_code", "LambdaV = drive + ((LambdaV - drive) * Alpha);", backward)
    replace_once(built, "sim_code", "V = (Alpha * V) + ((1.0 - Alpha) * Isyn) + Bias;", _forward(population, size))
    built.add_var("SpikeTimeGradient", "scalar", 0.0)
    built.add_var("LossGradient", "scalar", 0.0, VarAccess.READ_ONLY_DUPLICATE)


def _forward(population: Leaky, size: TrialSize) -> str:
    """Return the code of a forward step. Input arrives from GeNN's second step on, which is the network's first."""
    return f"""
        const scalar current = Isyn + ((t > 0.0) ? Bias : 0.0);
        {keep_states(population, size)}
        V = (Alpha * V) + ((1.0 - Alpha) * current);
        {flush_to_zero("V")}
        """
