"""What a node serves: other servers' models by its settings, and the promoted artefact as a model of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from keifu.compute.client.checks import Prices
from keifu.compute.model import Call, Claimed, LocalModel, Model, ModelFault, Result
from keifu.compute.openai import classified
from keifu.compute.upstream import Upstream
from keifu.errors import CheckFailed, UsageError
from keifu.inference import Model as Integers
from keifu.keys.keystore import read_password
from keifu.node.sections import ComputeWork, PassedOn

__all__ = ["Promoted", "upstreams"]


class Promoted(LocalModel):
    """A quantised model whose bytes are a record's: a unit is a value in or out."""

    endpoints = frozenset({"classify"})

    def __init__(self, name: str, prices: Prices, claimed: Claimed, model: Integers) -> None:
        super().__init__(name, prices, claimed)
        self._model = model

    def most_input(self, call: Call) -> int:
        call.most_output = self._model.output.size * len(call.inputs)
        return self._model.input.size * len(call.inputs)

    def answer(self, calls: Sequence[Call]) -> list[Result | ModelFault]:
        return [self._one(call) for call in calls]

    def check(self) -> None:
        """Compare with the reference, as at the start. Raises CheckFailed."""
        self._model.check()

    def _one(self, call: Call) -> Result | ModelFault:
        try:
            found = self._model.classify(call.inputs)
        except UsageError as error:
            return ModelFault(400, "invalid_input", error.message)
        except CheckFailed as error:
            return ModelFault(503, "model_unsound", error.message)
        labels = [(str(row.index(max(row))), row) for row in found.outputs]
        body = classified(self.name, labels, (found.input_units, found.output_units))
        return Result(body, found.input_units, found.output_units, found.input_root, found.output_root)


def upstreams(settings: ComputeWork, base: Path) -> list[Model]:
    """The models that others serve. Raises EnvironmentFault for a key file that cannot be read."""
    return [_upstream(name, item, base) for name, item in settings.models.items()]


def _upstream(name: str, item: PassedOn, base: Path) -> Upstream:
    key = read_password(base / item.key_file).decode() if item.key_file else ""
    return Upstream(
        name, item.upstream, Prices(item.request, item.million_in, item.million_out), theirs=item.theirs, key=key,
        endpoints=frozenset(item.endpoints), patience=float(item.patience),
    )  # fmt: skip
