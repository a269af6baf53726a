"""HTML's pieces: escaped text, tables, pictures that are part of the page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

import pandas as pd

from results.tables.text import cell

STYLE = """
:root { color-scheme: light; --ink: #1a1a1a; --faint: #666; --line: #ddd; --accent: #0072b2; }
body { font: 17px/1.55 Georgia, 'Times New Roman', serif; color: var(--ink); margin: 0 auto; max-width: 52rem;
  padding: 1rem; }
h1, h2, h3, nav, th, figcaption, .small { font-family: system-ui, -apple-system, 'Segoe UI', sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1.2rem 0 0.4rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 0.6rem; border-top: 1px solid var(--line); padding-top: 1.2rem; }
.verdict { margin-top: 1.2rem; border-left: 4px solid var(--accent); padding: 0.2rem 0 0.2rem 1rem; }
nav a { margin-right: 1rem; color: var(--accent); }
figure { margin: 1.4rem 0; } img { max-width: 100%; height: auto; display: block; margin: 0 auto; }
figcaption, .small { font-size: 0.85rem; color: var(--faint); }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.82rem; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
code, pre { font-size: 0.85em; background: #f5f5f5; } pre { padding: 0.8rem; overflow-x: auto; }
details summary { cursor: pointer; color: var(--accent); }
@media print { body { max-width: none; font-size: 11pt; } nav { display: none; } figure, tr { break-inside: avoid; }
  .wide { overflow: visible; } table { font-size: 7.5pt; } th, td { white-space: normal; }
  details::details-content { content-visibility: visible; block-size: auto; } }
"""


def page(title: str, body: Sequence[str]) -> str:
    """Return a whole page."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            *body,
            "</body></html>",
            "",
        ]
    )


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph."""
    return f"<p{_kind(kind)}>{escape(text)}</p>"


def table(frame: pd.DataFrame, caption: str) -> str:
    """Return a table that scrolls by itself where the page is narrow."""
    head = "".join(f"<th>{escape(str(column).replace('_', ' '))}</th>" for column in frame.columns)
    rows = []
    for row in frame.itertuples(index=False):
        cells = []
        for value in row:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            cells.append(f"<td{_kind('n' if number else '')}>{escape(cell(value) if value is not None else '')}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<p class="small">{escape(caption)}</p><div class="wide">{body}</div>'


def picture(path: Path, says: str) -> str:
    """Return a PNG as part of the page.

    Parameters
    ----------
    path : Path
    says : str
        For those who do not see it, and under it for those who do.
    """
    data = base64.b64encode(path.read_bytes()).decode()
    image = f'<img alt="{escape(says)}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{escape(says)}</figcaption></figure>"


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
