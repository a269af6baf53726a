"""The documents' numbers are those of the committed tables."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from results.experiments.methods.findings import Findings as Methods
from results.experiments.study.findings import Findings
from results.experiments.study.matching import correlation
from results.experiments.study.plan import FULL, REFERENCE
from results.tables.files import read_csv
from sweeps.importance import importance
from sweeps.space import parse_space
from sweeps.state import State
from sweeps.store import Store

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "results" / "published"


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def flat(document: str) -> str:
    return " ".join(text(document).split())


def rows(document: str, head: str) -> list[list[str]]:
    """The cells of the table whose first heading is ``head``, without headings."""
    shown = text(document)
    begin = shown.index(f"| {head} |")
    lines = shown[begin : shown.index("\n\n", begin)].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def bench(case: str) -> list[dict[str, Any]]:
    return json.loads((PUBLISHED / "bench" / f"{case}.json").read_text(encoding="utf-8"))["rows"]


def interval(row: Any, form: str = ".3f") -> str:
    return f"{row.accuracy:{form}} ({row.low:{form}} to {row.high:{form}})"


@pytest.mark.parametrize("plan", [plan.name for plan in FULL])
def test_what_the_committed_studies_found(plan: str) -> None:
    found = Findings.read(PUBLISHED / "study" / f"{plan}.json")
    table = found.table.set_index("window")
    row, reference = found.gaussian, table.loc[REFERENCE]
    [cells] = [cells for cells in rows("results/README.md", "data") if f"study/{plan}.md" in cells[0]]
    assert cells[1:] == [
        f"{row['scored_on']} {row['units']}",
        f"{reference['accuracy']:.3f}",
        f"{row['accuracy']:.3f}",
        f"{row['difference']:+.3f} ({row['difference_low']:+.3f} to {row['difference_high']:+.3f})",
        f"{row['p_corrected']:.3f}",
        f"{row['detectable']:.3f}",
    ]
    shown = flat("results/README.md")
    assert f"({row['seeds_low']:+.3f} to {row['seeds_high']:+.3f}, p = {row['seeds_p']:.3f})" in shown
    place = ["fsdd-loso", "fsdd-index", "digits"].index(plan)
    uniform = re.search(r"The uniform window.*?\((.*?); p < 0.001\)", shown)
    assert uniform is not None
    assert uniform[1].split(", ")[place] == f"{table.loc['uniform', 'accuracy']:.3f}"
    assert table.loc["uniform", "p_corrected"] < 0.001
    assert f"{table.loc['bump', 'accuracy']:.3f}" in shown[shown.index("*The bump*") :]
    assert (table.loc["bump", "p_corrected"] < 0.001) == (plan == "fsdd-index")


def test_the_claim_of_the_readme() -> None:
    row = Findings.read(PUBLISHED / "study" / "fsdd-loso.json").gaussian
    low, high = 100 * row["difference_low"], 100 * row["difference_high"]
    first = flat("README.md").split("## ")[0]
    assert f"scores {-100 * row['difference']:.1f} points lower than the exponential one" in first
    assert (
        f"(95 % CI {low:+.1f} to {high:+.1f}, p = {row['p_corrected']:.2f}; 5 speakers, {row['paired']} seeds;" in first
    )
    assert f"minimum detectable difference {100 * row['detectable']:.1f} points at 80 % power" in first
    assert f"(95 % CI {low:+.1f} to {high:+.1f}, p = {row['p_corrected']:.2f})" in flat("results/README.md")


def test_where_the_windows_look() -> None:
    shown = flat("results/README.md")
    shown = shown[shown.index("Where the windows look") :]
    for plan in FULL:
        choice = Findings.read(PUBLISHED / "study" / f"{plan.name}.json").choice
        chosen = choice[choice["chosen"]].groupby("window")["overlap"].mean()
        cells = f"| {chosen['gaussian']:.2f} | {chosen['exponential']:.2f} | {correlation(choice):.2f} |"
        assert cells in shown, plan.name


def test_accuracies_on_real_recordings() -> None:
    index = read_csv(PUBLISHED / "ablation-fsdd-exponential.csv").set_index("variant")
    held = {name: read_csv(PUBLISHED / f"ablation-{name}-loso.csv").iloc[0] for name in ("fsdd-exponential", "fsdd-60")}
    shown = {cells[0].split("`")[1]: cells[1:] for cells in rows("results/README.md", "config")[:2]}
    assert shown["fsdd-exponential"] == [interval(index.loc["defaults"]), interval(held["fsdd-exponential"])]
    assert shown["fsdd-60"] == [interval(index.loc["three copies 60 ms apart, 60 epochs"]), interval(held["fsdd-60"])]
    assert interval(read_csv(PUBLISHED / "ablation-digits.csv").iloc[0]) in flat("results/README.md")


def test_methods_on_the_index_split() -> None:
    table = Methods.read(PUBLISHED / "methods" / "fsdd-index.json").table
    wanted = []
    for row in table.itertuples():
        difference = f"{row.difference:+.3f} ({row.difference_low:+.3f} to {row.difference_high:+.3f})"
        compared = [difference, f"{row.p_corrected:.3f}"] if row.difference == row.difference else ["", ""]
        costs = [f"{row.operations:,.0f}", f"{row.times_the_time:.2g}", f"{row.times_the_memory:.2g}"]
        wanted.append([row.method, interval(row), *compared, *costs])
    assert rows("results/README.md", "method") == wanted
    table = table.set_index("method")
    eventprop, surrogate = (table.loc[name] for name in ("Eventprop", "surrogate gradient"))
    first = flat("README.md").split("## ")[0]
    assert f"between Eventprop ({eventprop.accuracy:.3f}) and surrogate gradients ({surrogate.accuracy:.3f})" in first
    assert surrogate.p_corrected > 0.05
    assert f"which take {surrogate.times_the_time:.0f} times its CPU time" in first
    assert f"gated recurrent units reach {table.loc['GRU', 'accuracy']:.3f}" in first
    assert f"thirty numbers a recording {table.loc['support vector machine on MFCC', 'accuracy']:.3f}" in first
    shown = flat("results/README.md")
    assert f"({surrogate.difference:+.3f}, p = {surrogate.p_corrected:.3f})" in shown
    assert f"the CPU time and {surrogate.times_the_memory:.0f} times the memory" in shown


def test_methods_on_longer_trials() -> None:
    measured = {(row["steps"], row["trainer"]): row for row in bench("methods")}
    ends = [measured[steps, "surrogate gradient"] for steps in ("500", "8000")]
    time, memory = (
        " to ".join(f"{end[column]:.0f}" for end in ends) for column in ("times_the_time", "times_the_memory")
    )
    shown = flat("results/README.md")
    assert f"surrogate gradients take {time} times Eventprop's CPU time and {memory} times its memory" in shown
    for steps in ("500", "1000", "2000", "4000", "8000"):
        parallel, stepped = (measured[steps, name] for name in ("ParaLIF", "surrogate gradient"))
        assert parallel["cpu_ms_an_example"] > stepped["cpu_ms_an_example"]


def test_ablation_and_sizes() -> None:
    table = read_csv(PUBLISHED / "ablation-fsdd-exponential.csv").dropna(subset="difference")
    wanted = {
        (
            f"{row.accuracy:.3f}",
            f"{row.difference:+.3f} ({row.difference_low:+.3f} to {row.difference_high:+.3f})",
            f"{row.p:.3f}",
        )
        for row in table.itertuples()
    }
    assert {tuple(cells[1:]) for cells in rows("results/README.md", "instead of the defaults")} == wanted
    sizes = read_csv(PUBLISHED / "sizes-fsdd-exponential.csv").set_index("variant")["accuracy"]
    for kind, *shown in rows("results/README.md", "hidden layer"):
        assert shown == [f"{sizes[f'{size} {kind}']:.3f}" for size in (64, 128, 256, 512, 1024)]


def test_robustness() -> None:
    table = read_csv(PUBLISHED / "robustness.csv").set_index("variant")
    for name in ("Gaussian window", "exponential window"):
        row = table.loc[name]
        assert f"| {name} | {interval(row)} | {row['collapsed']:.0f} of {row['seeds']:.0f} |" in text(
            "results/README.md"
        )
    shown = flat("pipeline/README.md")
    assert f"in thresholds: accuracy {table.loc['interpolated', 'accuracy']:.3f}" in shown
    assert f"{table.loc['silent neurons not lifted', 'silent']:.0%}".replace("%", " %") in shown
    assert f"ends at accuracy {table.loc['learning rate times 8', 'accuracy']:.2f}" in shown
    late, unlifted = table.loc["late window"], table.loc["late window, not lifted"]
    normal = table.loc["Gaussian window", "rate"]
    assert f"with {late['rate']:.0f} spikes per neuron and example where {normal:.0f} are normal" in shown
    assert f"accuracy {late['accuracy']:.2f}, without `lift` {unlifted['accuracy']:.2f}" in shown


def test_gradients() -> None:
    table = read_csv(PUBLISHED / "gradcheck.csv")
    hidden = table[table["weights"] != "hidden_output"]
    by = hidden.pivot_table(index=["network", "dt", "window", "weights"], columns="scheme", values="relative_error")
    share = by.div(by["cpu, plain"], axis=0).groupby(["network", "dt"]).median()
    for network, *shown in rows("models/README.md", "network"):
        wanted = [f"{share.loc[(network, dt), 'cpu, interpolated']:.2g}" for dt in (1.0, 0.5, 0.25)]
        assert [f"{float(cell):.2g}" for cell in shown] == [*wanted, f"{share.loc[(network, 1.0), 'mlGeNN']:.2g}"]
    assert by.xs(1.0, level="dt")[["cpu, plain", "mlGeNN"]].min().min() > 0.5


def test_speed_beside_peers() -> None:
    table = pd.DataFrame(bench("peers"))
    case = table[table["case"] == "A"].set_index(["trainer", "threads"])
    for trainer, threads, milliseconds, memory, faster, less in rows("models/README.md", "trainer"):
        if not threads.isdigit():
            continue
        name = trainer.replace(", optimised build", "").replace("PyTorch, input", "PyTorch, input product")
        name = name.replace("input product multiplied step by step", "step by step")
        row = case.loc[(name, threads)]
        digits = ".2f" if row["ms_an_example"] < 1 else ".1f" if row["ms_an_example"] < 100 else ".0f"
        assert milliseconds == f"{row['ms_an_example']:{digits}}", trainer
        assert memory == f"{row['megabytes']:.0f} MB"
        if faster:
            assert faster == f"{row[f'times_faster_is_ours_on_{threads}']:.0f}"
            assert less == f"{row['times_less_memory_has_ours']:{'.1f' if float(less) < 1 else '.0f'}}"
    shown = flat("models/README.md")
    slower = case.loc[("Eventprop, mlGeNN's CPU backend", "1"), "times_faster_is_ours_on_2"]
    assert f"With 2 threads the CPU engine is {slower:.0f} times as fast as mlGeNN" in shown
    for letter in "BC":
        other = table[table["case"] == letter].set_index("trainer")["times_faster_is_ours_on_2"]
        both = (other["Eventprop, mlGeNN's CPU backend"], other["surrogate gradient, Spyx"])
        assert f"{both[0]:.0f} times as fast as mlGeNN and {both[1]:.0f} times as fast as Spyx" in shown


def test_speed_by_the_length_of_the_trial() -> None:
    longest = pd.DataFrame(bench("length")).query("steps == '8000'").set_index("trainer")
    begin = text("models/README.md").index("Training at 8,000 steps")
    for trainer, row in longest.iterrows():
        milliseconds = f"{row['ms_an_example']:{'.2f' if row['ms_an_example'] < 1 else '.0f'}}"
        memory = row["megabytes"]
        said = f"{memory / 1000:.1f} GB" if memory > 1000 else f"{memory:.0f} MB"
        assert f"| {trainer} | {milliseconds} | {said} |" in text("models/README.md")[begin:]


def test_speed_of_the_engine() -> None:
    shown = {(what, command): result for what, result, command in rows("models/README.md", "measured")}
    said = " ".join(shown.values())
    latency = {row["case"]: row for row in bench("latency")}["C"]
    assert f"median {latency['ms_median']:.2f} ms, 99th percentile {latency['ms_99th_percentile']:.2f} ms" in said
    later = {row["measured"]: row for row in bench("startup")}["a later process"]
    assert f"after {later['seconds']:.2f} s" in said
    machine = [row for row in bench("machine") if row["case"] == "A"]
    assert (
        f"{machine[0]['billions_a_second']:.0f} billion per second, {machine[0]['times_the_bare_rate']:.2f} of" in said
    )
    forward, backward = (next(row for row in machine if name in row["measured"]) for name in ("forward", "backward"))
    steps = (
        f"{100 * forward['share_of_steps']:.0f} % of the forward pass, {100 * backward['share_of_steps']:.0f} % of the"
    )
    assert steps in said
    for one in (forward, backward):
        assert f"{100 * one['share_of_hidden_spikes']:.0f} % of each pass" in said
    assert (
        f"{next(row['times_faster_than_1'] for row in machine if 'times_faster_than_1' in row):.2f} times as fast"
        in said
    )
    assert f"{bench('epoch')[0]['times_the_engine_alone']:.2f} times the engine's own time" in said
    a, b, c, over = (f"{row['times_mlgenn']:.2f}" for row in bench("genn"))
    assert f"{a} of the time in case A, {b} in B, {c} in C" in said
    assert f"{over} of the time" in said
    slower = [f"{row['times_the_time_on_the_grid']:.1f}" for row in bench("interpolated")]
    assert "{} times as long to train in case A, {} in B and {} in C".format(*slower) in flat("models/README.md")


def test_sweeps() -> None:
    stores = {
        (strategy, seed): State.of(Store(PUBLISHED / "sweeps" / f"thesis-{strategy}-s{seed}.jsonl").events())
        for strategy in ("bayes", "random")
        for seed in (1, 2, 3)
    }
    least = {
        strategy: [f"{stores[strategy, seed].best.error:.3f}" for seed in (1, 2, 3)] for strategy in ("bayes", "random")
    }  # type: ignore[union-attr]
    shown = rows("sweeps/README.md", "strategy")
    assert [cells[-1] for cells in shown] == [", ".join(least["bayes"]), ", ".join(least["random"])]
    assert max(least["bayes"]) < min(least["random"])
    explained = [
        importance(
            parse_space(stores["bayes", seed].begun["space"], "thesis"), stores["bayes", seed].finished
        ).set_index("parameter")["importance"]
        for seed in (1, 2, 3)
    ]
    names = {
        "strength of the regulariser": "training.regulariser.strength",
        "copies of the delay line": "network.delay_line.copies",
        "channel shift": "augmentation.shift",
        "learning rate": "training.learning_rate",
    }
    for name, *percents in rows("sweeps/README.md", "parameter"):
        assert percents == [f"{100 * repeat[names[name]]:.0f} %" for repeat in explained]
