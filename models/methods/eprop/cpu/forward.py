"""A block of steps, forward: the hidden neurons as `models.engines.cpu.forward` has them, the outputs, their errors."""

from __future__ import annotations

import numpy as np

from models.engines.cpu.rows import add_rows, find_reaching
from models.engines.cpu.table import ALPHA, BETA, GAIN, PUSH
from models.engines.cpu.vectors import FAST, FLUSH, NIL, ONE, advance, copy, fill, flush
from models.kernels import kernel
from models.methods.eprop.cpu.traces import note, of_thread


@kernel(fastmath=FAST)
def soften(voltage, sharpness, chance):  # type: ignore[no-untyped-def]
    """Write softmax(sharpness voltage)."""
    top = voltage[0]
    for k in range(1, voltage.shape[0]):
        top = max(top, voltage[k])
    total = NIL
    for k in range(voltage.shape[0]):
        chance[k] = np.exp(sharpness * (voltage[k] - top))
        total += chance[k]
    for k in range(voltage.shape[0]):
        chance[k] /= total


@kernel(fastmath=FAST)
def slope(excess, threshold, height, slopes):  # type: ignore[no-untyped-def]
    """Write pseudo-derivatives."""
    per_threshold = ONE / threshold
    for j in range(slopes.shape[0]):
        slopes[j] = height * max(NIL, ONE - abs(excess[j] - threshold) * per_threshold)


@kernel(fastmath=FAST)
def run_block(b, thread, begin, end, events, layers, rule, task, learning, memory, heard):  # type: ignore[no-untyped-def]
    """Run example ``b`` from step ``begin`` up to ``end``; return how many rows are active then, if it is learned."""
    steps, units, stop = events.steps, events.units, events.ends[b]
    connections, out_weights, state, block, traces = (
        layers.connections, layers.out_weights, memory.state, memory.block, memory.traces,
    )  # fmt: skip
    channels, copies, spacing = connections.channels, connections.copies, connections.spacing
    n_below, weights, size = connections.n_below, connections.weights, connections.weights.shape[1]
    table, table_out, classes = layers.hidden.table, layers.output.table, out_weights.shape[1]
    excess = state.excess[thread] if rule.adaptive else state.voltage[thread]
    voltage, current, adaptation = state.voltage[thread, :size], state.current[thread], state.adaptation[thread]
    voltage_out, current_out, chance = state.voltage_out[thread], state.current_out[thread], state.chance[thread]
    fired, cursors = state.fired[thread], state.cursors[thread]
    n_fired, n_active = state.counts[thread, 0], state.counts[thread, 1]
    latest, before, arrival_steps = of_thread(memory.arrivals, thread)
    latest_out, before_out, steps_out = of_thread(memory.arrivals_out, thread)
    active, is_active = traces.active[thread], traces.is_active[thread]
    rows = np.empty(weights.shape[0], np.int32)
    noted, noted_out = 0, 0
    for step in range(begin, end):
        at, count = step - begin, 0
        for line in range(copies):
            i, due = cursors[line], step - line * spacing
            while i < stop and steps[i] == due:
                rows[count] = line * channels + units[i]
                count += 1
                i += 1
            cursors[line] = i
        if connections.recurrent:
            for i in range(n_fired):
                rows[count] = n_below + fired[i]
                count += 1
        add_rows(weights, rows, 0, count, current)
        add_rows(out_weights, fired, 0, n_fired, current_out)
        if learning:
            for i in range(count):
                row = rows[i]
                note(row, at, noted, latest, before, arrival_steps)
                noted += 1
                if not is_active[row]:
                    is_active[row] = True
                    active[n_active] = row
                    n_active += 1
            for i in range(n_fired):
                note(fired[i], at, noted_out, latest_out, before_out, steps_out)
                noted_out += 1
        advance(voltage, current, table[ALPHA, :size], table[BETA, :size], table[GAIN, :size], table[PUSH, :size])
        advance(
            voltage_out, current_out, table_out[ALPHA, :classes], table_out[BETA, :classes], table_out[GAIN, :classes],
            table_out[PUSH, :classes],
        )  # fmt: skip
        if step % FLUSH == 0:
            flush(voltage)
            flush(current)
            flush(voltage_out)
            flush(current_out)
            flush(adaptation)
        soften(voltage_out, task.sharpness, chance)
        share = task.window[step]
        for k in range(classes):
            heard.means[b, k] += np.float64(share) * np.float64(chance[k])
        if rule.adaptive:
            for j in range(size):
                excess[j] = voltage[j] - rule.jump * adaptation[j]
                adaptation[j] *= rule.rho
        if learning:
            fill(block.kept[thread, at], ONE)
            slope(excess, rule.threshold, rule.height, block.slopes[thread, at])
            for k in range(classes):
                block.errors[thread, at, k] = share * (chance[k] - task.targets[b, k])
        n_fired = find_reaching(excess, rule.threshold, fired)
        for i in range(n_fired):
            j = fired[i]
            heard.counts[b, j] += 1
            voltage[j] = NIL
            adaptation[j] += ONE
            if learning:
                block.kept[thread, at, j] = NIL
            if heard.raster.shape[1] > 0:
                heard.raster[b, step, j] = True
        if heard.hidden.shape[1] > 0:
            copy(heard.hidden[b, step], voltage)
            copy(heard.output[b, step], voltage_out)
    state.counts[thread, 0], state.counts[thread, 1] = n_fired, n_active
    return n_active
