"""The report in a browser, where there is one: no errors, no missing picture, and all of it in print."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

PROBE = """<script>
addEventListener("load", () => {
  const images = [...document.images];
  document.title = JSON.stringify({
    images: images.length,
    broken: images.filter(image => !image.complete || image.naturalWidth === 0).length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  });
});
</script>"""


def browse(page: Path, tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    return subprocess.run(
        [*command, profile, *options, page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )


def test_it_shows_every_picture_without_an_error_and_fits_a_phone(page_file: Path, tmp_path: Path) -> None:
    probed = tmp_path / "probed.html"
    probed.write_text(page_file.read_text(encoding="utf-8").replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    # A narrower window is not to be had without a screen.
    shown = browse(probed, tmp_path, "--window-size=500,900", "--dump-dom")
    assert "CONSOLE" not in shown.stderr
    title = re.search(r"<title>(.*?)</title>", shown.stdout)
    assert title is not None
    found = {name: int(value) for name, value in re.findall(r'"(\w+)":(-?\d+)', title.group(1))}
    assert found["images"] > 15
    assert found["broken"] == 0
    assert found["wide"] <= 0


def test_in_print_what_is_folded_on_the_screen_is_there(page_file: Path, tmp_path: Path) -> None:
    folded, whole = tmp_path / "folded.html", tmp_path / "whole.html"
    text = page_file.read_text(encoding="utf-8")
    folded.write_text(re.sub(r"details::details-content \{[^}]*\}", "", text), encoding="utf-8")
    whole.write_text(text, encoding="utf-8")
    pages = []
    for html in (folded, whole):
        pdf = html.with_suffix(".pdf")
        browse(html, tmp_path, f"--print-to-pdf={pdf}")
        pages.append(len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())))
    assert pages[0] >= 1
    assert pages[1] > pages[0] + 20
