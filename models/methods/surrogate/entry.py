"""The entry of surrogate gradients in the registry, and what they can't do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from models.engines.torch.entry import SteppedTorchEntry
from models.methods.options import MethodOptions
from models.methods.surrogate.options import SurrogateOptions

if TYPE_CHECKING:
    from models.engines.torch.engine import TorchEngine


class SurrogateEntry(SteppedTorchEntry):
    """Backpropagation through time with surrogate gradients, in PyTorch."""

    method: ClassVar[str] = "surrogate"
    options: ClassVar[type[MethodOptions] | None] = SurrogateOptions

    def engine_class(self) -> type[TorchEngine]:
        """Return the engine; see `TorchEntry.engine_class`."""
        from models.methods.surrogate.engine import SurrogateEngine

        return SurrogateEngine


ENTRY = SurrogateEntry()
