"""The entry of parallel neurons in the registry, and what they can't do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from models.engines.torch.entry import SteppedTorchEntry
from models.methods.options import MethodOptions
from models.methods.parallel_lif.options import ParallelOptions

if TYPE_CHECKING:
    from models.engines.torch.engine import TorchEngine


class ParallelEntry(SteppedTorchEntry):
    """Leaky integrate-and-fire neurons without reset, all steps at once (ParaLIF)."""

    method: ClassVar[str] = "parallel-lif"
    neurons: ClassVar[str] = "parallel leaky integrate-and-fire"
    options: ClassVar[type[MethodOptions] | None] = ParallelOptions

    def engine_class(self) -> type[TorchEngine]:
        """Return the engine; see `TorchEntry.engine_class`."""
        from models.methods.parallel_lif.engine import ParallelEngine

        return ParallelEngine


ENTRY = ParallelEntry()
