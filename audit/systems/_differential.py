"""A contract and its model called together."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from ethwire.errors import Revert
from evmstorm.fuzz.system import RAW_OUTCOME, System
from keifu.spec.refusals import Refused

__all__ = ["Differential"]


class Differential(System):
    """Every call is made on the chain and on `model`, which has a `now` and can be pickled."""

    model: Any
    stored: Callable[..., int]  # reads a balance of the token

    def revived(self, state: bytes) -> Any:
        return pickle.loads(state)  # noqa: S301 - made in this process

    def both(
        self,
        run: Callable[[Any], Any],
        who: str = "",
        spends: int = 0,
        order: Any = RAW_OUTCOME,
        *,
        atomic: bool = False,
    ) -> Any:
        """Make the call, then the same on the model; the model's answer, or None when both refuse. The model is copied
        before it is asked for a refusal, unless it refuses before it changes anything (`atomic`)."""
        poor = bool(spends) and self.stored(who) < spends
        returned = yield order
        self.model.now = self.now
        if returned is not None:
            try:
                answer = run(self.model)
            except Refused as refused:
                raise AssertionError(f"succeeded, but must be refused: {refused}") from None
            assert not poor, "succeeded without the coins"
            self.done(answer)
            if type(answer) is int and len(returned) == 32:
                actual = int.from_bytes(returned, "big")
                assert actual == answer, f"returned {actual}, not {answer}"
            return answer if answer is not None else 0
        try:
            run(self.model if atomic else self.revived(pickle.dumps(self.model)))
        except Refused as refused:
            wanted = str(refused)
        else:
            assert poor, f"must succeed, was refused: {self.refusal}"
            wanted = "token: insufficient balance"
        assert self.refusal == wanted, f"refused for {self.refusal!r}, not {wanted!r}"
        return None

    def answer(self, target: str, *args: Any) -> Any:
        """What a view answers, whole; one that reverts is a finding."""
        name, _, function = target.partition(".")
        try:
            return getattr(self.contract(name), function)(*args)
        except Revert as error:
            raise AssertionError(f"{target} must answer, was refused: {error.reason}") from error

    def done(self, answer: Any) -> None:
        """Called after each call that went through."""

    def paying(self, run: Callable[[Any], Any], receiver: str) -> Any:
        """The same for a call that pays its answer to `receiver`."""
        before = self.stored(receiver)
        paid = yield from self.both(run)
        if paid is not None:
            assert self.stored(receiver) == before + paid, "the receiver got something else"
        return paid
