"""Rows of ours beside its peers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from results.benchmarks import against_peers
from results.benchmarks.shd_shaped import Shape
from results.benchmarks.trainers import TRAINERS, Trainer


@pytest.mark.parametrize("name", ["mlgenn", "spyx", "snntorch", "step by step"])
def test_a_peer_does_the_same_work_and_its_ratios_are_those_of_its_numbers(tiny: Shape, name: str) -> None:
    if TRAINERS[name].missing:
        pytest.skip(f"{TRAINERS[name].missing} is not installed")
    cases = {"recurrent": tiny, "feed-forward": replace(tiny, recurrent=False)}
    rows = against_peers.run(quick=True, cases=cases, threads=(1,), trainers=("ours", name))
    for ours, peer in (rows[:2], rows[2:]):
        assert (ours["trainer"], peer["trainer"]) == (TRAINERS["ours"].title, TRAINERS[name].title)
        assert ours["times_faster_is_ours_on_1"] == ours["times_less_memory_has_ours"] == 1
        assert peer["times_faster_is_ours_on_1"] == float(peer["ms_an_example"]) / float(peer["ms_of_ours_on_1"])
        # Some reset to 0, some subtract the threshold.
        assert float(peer["hidden_spikes"]) == pytest.approx(float(ours["hidden_spikes"]), rel=0.1)


def test_a_peer_that_is_missing_or_broken_has_a_row_that_says_so(tiny: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRAINERS, "absent", Trainer("an absent one", "peers.absent:Absent", ("no_such_package",)))
    # The child does not know of it.
    monkeypatch.setitem(TRAINERS, "broken", Trainer("a broken one", "peers.broken:Broken"))
    absent, broken = against_peers.run(cases={"tiny": tiny}, threads=(1,), trainers=("absent", "broken"))
    assert absent == {"trainer": "an absent one", "case": "tiny", "note": "left out: no_such_package is not installed"}
    assert str(broken["note"]).startswith("failed: results.benchmarks.trainers ended with 1: KeyError: 'broken'")
