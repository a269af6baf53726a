"""Every kernel compiles for every kind of GPU, with the types that the host launches it with, where there is no GPU."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from cuda_stub import Launches, needs_compiler, stub_device

from models.batch import SpikeBatch
from models.engines.cuda.entry import CudaEntry
from models.initialisers import Initial
from models.losses import CrossEntropy
from models.network import DelayLine, Hidden, Input, Leaky, Network
from models.optimiser import Optimiser
from models.problem import Problem
from models.regulariser import Regulariser

pytestmark = needs_compiler

CAPABILITIES = [(7, 0), (8, 0), (9, 0)]


def problem(hidden: tuple[Hidden, ...], channels: int = 700, output: Leaky | None = None, copies: int = 1) -> Problem:
    line = DelayLine(copies, 30.0) if copies > 1 else DelayLine()
    network = Network(Input(channels, line), hidden, output or Leaky(20))
    return Problem(network, CrossEntropy(), 1.0, 50, Optimiser(clip=1.0), Regulariser(strength=0.1))


CASES = {
    "A": problem((Hidden(256),)),
    "B": problem((Hidden(1024),)),
    "C": problem((Hidden(64, recurrent=None),)),
    "everything": problem(
        (Hidden(300, time_constants="trained", bias=True), Hidden(30, recurrent=None, bias=True)),
        output=Leaky(20, time_constants="trained", bias=True),
        copies=10,
    ),
}


@cache
def launched(case: str) -> Launches:
    """Return the launches of an update, a prediction and a recording."""
    from models.engines.cuda.engine import CudaEngine

    wanted = CASES[case]
    steps = np.repeat(np.arange(40, dtype=np.int32), 2)
    units = np.arange(80, dtype=np.int32)
    batch = SpikeBatch(steps, units, np.array([0, 50, 80]), np.array([1, 2]))
    with stub_device() as launches:
        engine = CudaEngine(wanted, Initial().draw(wanted.network, 1))
        engine.train_epoch([batch], 1e-3)
        engine.predict([batch])
        if case == "everything":
            engine.record(batch, adjoints=True)
    return launches


class Compiled(NamedTuple):
    case: str
    name: str
    code: dict[tuple[int, int], str]


@pytest.fixture(scope="module")
def compiled() -> list[Compiled]:
    """Every kernel of every case: its PTX by compute capability."""
    found, seen = [], set()
    for case in CASES:
        for (name, types), kernel in launched(case).kinds.items():
            if (name, types) not in seen:
                seen.add((name, types))
                found.append(Compiled(case, name, ptx(kernel, types[1:])))
    return found


def ptx(kernel: Any, types: tuple[Any, ...]) -> dict[tuple[int, int], str]:
    """Compile a kernel: Python to LLVM once, which takes longest, and that to PTX for each compute capability."""
    from numba.cuda import compiler, dispatcher

    with pytest.MonkeyPatch.context() as patch:
        # Functions that a kernel calls are compiled for the device that is there.
        patch.setattr(dispatcher, "get_current_device", lambda: type("", (), {"compute_capability": CAPABILITIES[0]}))
        # What compile_ptx does, but that it would compile Python anew for each compute capability.
        library, _ = compiler._compile_pyfunc_with_fixup(
            kernel.py_func, types, device=False, abi="numba", cc=CAPABILITIES[0]
        )
        return {cc: library.get_asm_str(cc=cc) for cc in CAPABILITIES}


def test_every_kernel_compiles_for_every_compute_capability(compiled: list[Compiled]) -> None:
    names = {kernel.name for kernel in compiled}
    assert names == {
        "index_steps", "forward", "count_spikes", "read_shared", "read_each", "sort_by_source", "learn_shared",
        "learn_each", "learn_constants", "time_spikes", "backward", "gather", "square_rows", "add_squares", "shorten",
        "adam",
    }  # fmt: skip
    for kernel in compiled:
        for (major, minor), code in kernel.code.items():
            assert f".target sm_{major}{minor}" in code, kernel.name
            assert ".entry" in code, kernel.name


def test_no_kernel_keeps_arrays_in_memory_that_are_meant_for_registers(compiled: list[Compiled]) -> None:
    for kernel in compiled:
        for code in kernel.code.values():
            assert "__local_depot" not in code, f"{kernel.name} of {kernel.case}"


def assembler() -> str | None:
    """Return the path of CUDA's assembler, which the compiler's package brings."""
    spec = importlib.util.find_spec("nvidia")
    folders = spec.submodule_search_locations or [] if spec else []
    found = [path for folder in folders for path in Path(folder).glob("*/bin/ptxas")]
    return str(found[0]) if found else shutil.which("ptxas")


def assembled(compiled: list[Compiled], folder: Path) -> Iterator[tuple[Compiled, str, int, int]]:
    """Yield each kernel with its architecture, registers and bytes spilled."""
    tool = assembler()
    if tool is None:
        pytest.skip("ptxas is not installed")
    source = folder / "kernel.ptx"
    for kernel in compiled:
        for (major, minor), code in kernel.code.items():
            source.write_text(code)
            done = subprocess.run(
                [tool, "-v", f"-arch=sm_{major}{minor}", "-o", "/dev/null", str(source)], capture_output=True, text=True
            )
            assert done.returncode == 0, f"{kernel.name}: {done.stderr}"
            spilled = sum(int(n) for n in re.findall(r"(\d+) bytes spill", done.stderr))
            [registers] = re.findall(r"Used (\d+) registers", done.stderr)
            yield kernel, f"sm_{major}{minor}", int(registers), spilled


def test_no_kernel_spills_registers(compiled: list[Compiled], tmp_path: Path) -> None:
    for kernel, target, registers, spilled in assembled(compiled, tmp_path):
        print(f"{kernel.case:10} {kernel.name:16} {target} {registers} registers, {spilled} bytes spilled")
        assert spilled == 0, f"{kernel.name} of {kernel.case}, {target}"
        if kernel.name in ("forward", "backward"):
            # All threads of a block must find room in a multiprocessor's 65,536 registers.
            assert registers * 256 <= 65536


def test_a_block_s_shared_memory_is_within_what_every_gpu_has() -> None:
    for case in CASES:
        for name, dimensions in launched(case).order:
            assert dimensions[1] <= 1024, name
            shared = dimensions[3] if len(dimensions) > 3 else 0
            assert shared + 4 * 1024 <= 48 * 1024, f"{name} of {case}"


def test_a_pass_is_one_launch() -> None:
    order = [name for name, _ in launched("A").order]
    assert order.count("forward") == 2  # the update's and the prediction's
    assert order.count("backward") == 1


def test_what_it_refuses_has_no_kernels_to_compile() -> None:
    for case in CASES.values():
        assert CudaEntry().refusal(case) is None
