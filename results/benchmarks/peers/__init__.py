"""Peers that benchmarks compare our engines with, in the style of their own examples; each needs its packages."""
