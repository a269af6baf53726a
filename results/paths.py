"""Where results lie: what is generated and what is committed, wherever a command was started."""

from __future__ import annotations

from pathlib import Path

PUBLISHED = Path(__file__).parent / "published"
"""Committed results; no command writes here."""

OUT = Path(__file__).parent / "out"
"""Everything that commands generate; not committed."""

TABLES = OUT / "tables"
FIGURES = OUT / "figures"
BENCHMARKS = OUT / "bench"
DEMO = OUT / "demo"
STUDY = TABLES / "study"
METHODS = TABLES / "methods"
JOBS = OUT / "jobs"
