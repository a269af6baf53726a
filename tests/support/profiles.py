"""Hypothesis profiles: the quick suite draws the same examples everywhere, ``make fuzz`` draws new ones.

``quick``, the default, derives its examples from each test's source: two runs of the suite are the same run. ``fuzz``
draws ten times as many from a new seed. Neither keeps a database, so that no run depends on an earlier one, and neither
has a deadline, so that none depends on the machine's speed.
"""

from __future__ import annotations

from hypothesis import settings

EXAMPLES = 100
"""Examples that a property test draws in the quick suite unless it says otherwise."""

FACTOR = 10
"""How many times as many ``make fuzz`` draws."""


def register() -> None:
    """Register both profiles and load ``quick``; ``--hypothesis-profile fuzz`` loads the other one afterwards."""
    settings.register_profile("quick", max_examples=EXAMPLES, derandomize=True, database=None, deadline=None)
    settings.register_profile(
        "fuzz", max_examples=FACTOR * EXAMPLES, derandomize=False, database=None, deadline=None, print_blob=True
    )
    settings.load_profile("quick")


def examples(count: int) -> settings:
    """Return the settings of a property test that draws ``count`` examples in the quick suite.

    Use it as a decorator, above or below ``given``. It scales with the profile that is loaded when the test's module is
    imported.
    """
    return settings(max_examples=count * settings.default.max_examples // EXAMPLES)
