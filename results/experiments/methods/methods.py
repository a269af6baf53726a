"""The comparison of training methods: search settings, train, score, measure what each costs, and write it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.data.atomic import kept_if_possible, write_atomically
from pipeline.training.examples import kept_dataset
from pipeline.training.run import environment
from results.experiments.comparison.provenance import provenance
from results.experiments.comparison.recordings import recordings
from results.experiments.comparison.variants import some_trained
from results.experiments.methods.claims import table
from results.experiments.methods.costs import costs
from results.experiments.methods.findings import Findings, read_all
from results.experiments.methods.plan import Plan
from results.experiments.methods.sentences import sentences
from results.experiments.methods.stages import Trained, stages
from results.experiments.methods.steps import by_steps
from results.paths import BENCHMARKS, METHODS
from results.tables.text import markdown
from sweeps.runner import Runner


def methods(plans: Sequence[Plan], runner: Runner, folder: Path = METHODS) -> dict[str, Findings]:
    """Carry every plan out; runs that are done are not trained again.

    Parameters
    ----------
    folder : Path
        Where what `findings.Findings` writes goes, and claims.md: the thesis's claims, with what the comparisons in
        this folder found.

    Returns
    -------
    dict of str to Findings
        By plan; empty where the runs were submitted to a cluster.
    """
    found = {}
    trained = runner.run_all("methods", [partial(stages, plan) for plan in plans])
    for plan, runs in zip(plans, trained, strict=False):
        findings = _findings(plan, runs)
        for text in sentences(findings):
            runner.console.print(text)
        with kept_if_possible():
            findings.write(folder)
            runner.console.print(f"written: {folder / plan.name}.csv, .md")
        found[plan.name] = findings
    if found:
        with kept_if_possible():
            write_atomically(folder / "claims.md", [markdown(table(read_all(folder), BENCHMARKS)).encode()])
    return found


def _findings(plan: Plan, trained: Trained) -> Findings:
    rows = some_trained(trained.rows)
    config = next(iter(trained.chosen.values()))[0].settings(1)
    return Findings(
        plan.name,
        plan.loso,
        rows,
        recordings(kept_dataset(config), plan.loso),
        trained.choice,
        costs(rows),
        by_steps(rows),
        {"environment": environment()} | provenance(rows),
    )
