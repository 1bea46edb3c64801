"""Models of integers that take a while: they compare their kernels with other integers, at start and every hour."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

from keifu.compute.model import ModelFault, RemoteModel
from keifu.errors import CheckFailed
from keifu.spec.inference_drawing import Drawing

__all__ = ["Keep", "OwnModel"]

# What a dispute takes of an answer: its trace's root, the ids that went in and came out, and by what they are drawn. It
# is on the disk when the call returns.
Keep = Callable[[bytes, Sequence[int], Sequence[int], Drawing | None], None]


class OwnModel(RemoteModel):
    """A model that this machine computes."""

    _fault, _turn = "", 0

    @abstractmethod
    def differs(self, turn: int) -> str:
        """What is not as integers that are computed otherwise have it, or nothing. `turn` chooses the layer."""

    def check(self) -> None:
        """Compare, another layer each time. Raises CheckFailed; from then on nothing is answered until a check
        passes."""
        self._fault = self.differs(self._turn)
        self._turn += 1
        if self._fault:
            raise CheckFailed(f"this machine computes wrongly: {self._fault}", remedy="another machine has to answer")

    def expect_sound(self) -> None:
        if self._fault:
            raise ModelFault(503, "model_failed", f"this machine computes wrongly: {self._fault}")
