"""A window, a loss, an engine, a training method, an ear, a data set and a figure: each is one new file and one line.

They are added to an overlay of the source tree, folders of links to its files, and used through the command line.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[1]


class Addition(NamedTuple):
    """A new file, and the line that is added to another one, above the first line that begins like ``above``."""

    file: str
    text: str
    registry: str
    line: str
    above: str


WINDOW = Addition(
    "models/windows/triangle.py",
    '''
from dataclasses import dataclass, field
from typing import Literal
import numpy as np
from models.windows.base import Window

@dataclass(frozen=True)
class Triangle(Window):
    """Rises to a peak and falls again."""
    shape: Literal["triangle"] = field(default="triangle", kw_only=True, repr=False)
    peak: float = 0.5

    def profile(self, u):
        return np.minimum(u / self.peak, (1 - u) / (1 - self.peak))
''',
    "models/windows/__init__.py",
    "from models.windows.triangle import Triangle as Triangle",
    "from models.windows.uniform",
)

LOSS = Addition(
    "models/losses/squared_hinge.py",
    '''
import math
from dataclasses import dataclass, field
from typing import Literal
import numpy as np
from models.losses.base import Judgement, Loss
from models.windows import Gaussian, Window

@dataclass(frozen=True)
class SquaredHinge(Loss):
    """The right output's mean voltage is to be above the others' by a margin."""
    observes = "mean voltage"
    kind: Literal["squared-hinge"] = field(default="squared-hinge", kw_only=True, repr=False)
    window: Window = field(default_factory=Gaussian)
    margin: float = 0.5

    def judge(self, observed, labels, trial=math.inf):
        logits = np.asarray(observed, dtype=np.float64)
        rows = np.arange(len(labels))
        lack = np.maximum(self.margin + logits - logits[rows, labels][:, None], 0)
        lack[rows, labels] = 0
        gradient = lack.copy()
        gradient[rows, labels] = -lack.sum(axis=1)
        return Judgement(logits, 0.5 * (lack**2).sum(axis=1), gradient / max(len(labels), 1))
''',
    "models/losses/__init__.py",
    "from models.losses.squared_hinge import SquaredHinge as SquaredHinge",
    "",
)

ENGINE = Addition(
    "models/engines/mirror/entry.py",
    '''
from models.engines.cpu.engine import CpuEngine
from models.engines.entry import Entry

class MirrorEngine(CpuEngine):
    name = "mirror"

class MirrorEntry(Entry):
    """Another engine."""
    engine = "mirror"
    title = "mirror engine"

    def refusal(self, problem):
        return None if problem.method == "eventprop" else "has Eventprop only"

    def speed(self):
        return 0

    def make(self, problem, weights, resources):
        return MirrorEngine(problem, weights, resources.threads)

ENTRY = MirrorEntry()
''',
    "models/engines/registry.py",
    '        "models.engines.mirror.entry",',
    '        "models.methods.',
)

METHOD = Addition(
    "models/methods/readout_only/entry.py",
    '''
from dataclasses import replace
import numpy as np
from models.engines.cpu.engine import CpuEngine
from models.engines.entry import Entry

class ReadoutOnlyEngine(CpuEngine):
    """Learns the connections to the output alone."""

    def gradients(self, batch):
        found = super().gradients(batch)
        learned = {n: g if n.endswith("_output") else np.zeros_like(g) for n, g in found.weights.items()}
        return replace(found, weights=learned)

class ReadoutOnlyEntry(Entry):
    engine = "cpu"
    method = "readout-only"
    title = "training of the readout alone"

    def refusal(self, problem):
        return None

    def speed(self):
        return 0

    def make(self, problem, weights, resources):
        return ReadoutOnlyEngine(problem, weights, resources.threads)

ENTRY = ReadoutOnlyEntry()
''',
    "models/engines/registry.py",
    '        "models.methods.readout_only.entry",',
    "    )",
)

EAR = Addition(
    "pipeline/ears/zero_crossings.py",
    """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from pipeline.events import Events

@dataclass(frozen=True)
class ZeroCrossings:
    keeps_time: ClassVar[bool] = True

    def spikes(self, audio, rate, seed, threads=None):
        times = np.flatnonzero(np.diff(np.sign(audio))) * (1e3 / rate)
        return Events(times.astype(np.float32), np.zeros(len(times), np.uint16))

    def fingerprint(self):
        return "1"
""",
    "pipeline/ears/registry.py",
    '    "zero-crossings": "pipeline.ears.zero_crossings:ZeroCrossings",',
    "}",
)

DATASET = Addition(
    "pipeline/data/datasets/tones.py",
    """
import numpy as np
from pipeline.data.datasets.base import Dataset, Entry, register
from pipeline.data.packing import pack

def load(root=None, *, examples=24, progress=True):
    def part(seed, speaker):
        rng = np.random.default_rng(seed)
        labels = np.arange(examples) % 2
        rows = [(np.sort(rng.uniform(5, 90, 80)), 100 + 400 * label + rng.integers(0, 50, 80)) for label in labels]
        return pack(rows, labels, np.full(examples, speaker), ("low", "high"), ("ann", "ben"), source="tones")
    return Dataset("tones", part(1, 0), part(2, 1))

register(Entry("tones", "Low and high tones.", load, classes=2, options={"examples": "Examples of each part."}))
""",
    "pipeline/data/datasets/registry.py",
    "from pipeline.data.datasets import tones as tones",
    "from pipeline.data.datasets.base",
)

FIGURE = Addition(
    "results/figures/line.py",
    """
from matplotlib.figure import Figure
from results.figures.registry import figure

@figure("line", says="A line.")
def draw():
    drawn = Figure()
    drawn.subplots().plot([0, 1])
    return drawn
""",
    "results/figures/gallery.py",
    '        "line",',
    "    )",
)

ADDITIONS = {
    "window": WINDOW,
    "loss": LOSS,
    "engine": ENGINE,
    "method": METHOD,
    "ear": EAR,
    "data set": DATASET,
    "figure": FIGURE,
}

CONFIG = """
name = "extended"
[data]
dataset = "tones"
trial = 100.0
validation = "mixed"
[network]
hidden = 12
[network.initial]
input = {mean = 0.4, sd = 0.4}
[training]
epochs = 2
batch = 8
learning_rate = 0.01
"""


class Tree(NamedTuple):
    """The overlay, and its command lines."""

    root: Path

    def run(self, *arguments: object) -> str:
        """Run ``python -m`` in the overlay and return what it prints."""
        # Compiled modules are links, too: one that is made of an edited file must not replace the original's.
        apart = {"PYTHONDONTWRITEBYTECODE": "1", "SPOKEN_SPIKES_CACHE": str(self.root / "cache"), "COLUMNS": "200"}
        command = [sys.executable, "-m", *map(str, arguments)]
        done = subprocess.run(command, cwd=self.root, env=os.environ | apart, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def trained(self, *overrides: str) -> Path:
        """Train the config with some overrides and return the run's folder."""
        chosen = [word for override in overrides for word in ("--set", override)]
        return self.root / self.run("pipeline", "train", "extended.toml", *chosen).split()[-1]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The source tree with all additions."""
    root = tmp_path_factory.mktemp("tree")
    for package in ("models", "pipeline", "sweeps", "results"):
        for folder, inside, files in os.walk(ROOT / package):
            inside[:] = [name for name in inside if name not in ("__pycache__", "published", "out")]
            here = root / Path(folder).relative_to(ROOT)
            here.mkdir()
            for name in files:
                (here / name).symlink_to(Path(folder) / name)
            # Numba's cache lies in these folders.
            (Path(folder) / "__pycache__").mkdir(exist_ok=True)
            (here / "__pycache__").symlink_to(Path(folder) / "__pycache__")
    for addition in ADDITIONS.values():
        file = root / addition.file
        file.parent.mkdir(exist_ok=True)
        file.write_text(addition.text, encoding="utf-8")
        registry = root / addition.registry
        lines = registry.read_text(encoding="utf-8").splitlines()
        places = [n for n, line in enumerate(lines) if line.startswith(addition.above or "\0")]
        lines.insert(places[0] if places else len(lines), addition.line)
        registry.unlink(missing_ok=True)
        registry.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / "extended.toml").write_text(CONFIG, encoding="utf-8")
    return Tree(root)


@pytest.fixture(scope="module")
def run(tree: Tree) -> Path:
    """A run with the new window, loss, engine and data set together."""
    new = ("loss.kind=squared-hinge", "loss.window.shape=triangle", "loss.window.peak=0.3", "engine=mirror")
    return tree.trained(*new)


def metrics(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["split"] == "train"]


@pytest.mark.parametrize("addition", ADDITIONS.values(), ids=list(ADDITIONS))
def test_it_is_one_new_file_and_one_new_line(addition: Addition, tree: Tree) -> None:
    assert not (ROOT / addition.file).exists()
    before = (ROOT / addition.registry).read_text(encoding="utf-8").splitlines()
    after = (tree.root / addition.registry).read_text(encoding="utf-8").splitlines()
    own = [other.line for other in ADDITIONS.values() if other.registry == addition.registry]
    assert addition.line in own
    assert [line for line in after if line not in own] == before
    assert len(after) == len(before) + len(own)


def test_a_network_is_trained_on_the_new_data_by_the_new_engine(tree: Tree, run: Path) -> None:
    assert len(metrics(run)) == 2
    assert "engine mirror" in (run / "log").read_text(encoding="utf-8")
    assert 'dataset = "tones"' in (run / "config.toml").read_text(encoding="utf-8")
    assert "test, weights of epoch" in tree.run("pipeline", "evaluate", run, "--split", "test", "--engine", "mirror")


def test_it_minimises_the_new_loss_under_the_new_window(run: Path) -> None:
    text = (run / "config.toml").read_text(encoding="utf-8")
    for line in ('kind = "squared-hinge"', "margin = 0.5", 'shape = "triangle"', "peak = 0.3"):
        assert line in text
    first, second = (float(row["loss"]) for row in metrics(run))
    # Logits begin near 0, where each wrong class of the two lacks the margin of 0.5.
    assert first == pytest.approx(0.125, abs=0.1)
    assert second < first


def test_the_new_method_trains_what_it_says(tree: Tree) -> None:
    with np.load(tree.trained("training.method=readout-only") / "last.npz") as state:
        learned = {name for name in state.files if name.startswith("adam_first/") and state[name].any()}
        assert {name for name in state.files if name.startswith("adam_first/")} > learned
    assert learned == {"adam_first/hidden_output"}


def test_the_new_data_set_has_its_options_on_the_command_line(tree: Tree) -> None:
    said = tree.run("pipeline", "data", "tones", "--examples", 10)
    assert re.search(r"low\D+5", said)


def test_the_new_ear_hears_recordings(tree: Tree) -> None:
    rng = np.random.default_rng(1)
    for word in ("yes", "no"):
        (tree.root / "words" / word).mkdir(parents=True)
        for speaker in ("ann", "ben"):
            soundfile.write(tree.root / "words" / word / f"{speaker}_0.wav", rng.normal(0, 0.1, 800), 8000)
    said = tree.run("pipeline", "data", "audio", "--root", tree.root / "words", "--ear", "zero-crossings")
    # White noise changes its sign at every second sample.
    assert re.search(r"train\D+2\D+1\D+(3[5-9]\d|4[0-4]\d)", said), said


def test_the_new_figure_is_drawn(tree: Tree) -> None:
    tree.run("results", "figures", "line")
    assert (tree.root / "results" / "out" / "figures" / "line.png").read_bytes().startswith(b"\x89PNG")
