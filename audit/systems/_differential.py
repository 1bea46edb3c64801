"""A contract and its model called together, and what must hold of StakingHub beside its model."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from evmstorm.fuzz.system import RAW_OUTCOME, System, invariant
from keifu.spec.staking import SPENT_BITS, HubModel, Operator, Position, Refused

__all__ = ["Differential", "HubWords"]


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

    def done(self, answer: Any) -> None:
        """Called after each call that went through."""

    def paying(self, run: Callable[[Any], Any], receiver: str) -> Any:
        """The same for a call that pays its answer to `receiver`."""
        before = self.stored(receiver)
        paid = yield from self.both(run)
        if paid is not None:
            assert self.stored(receiver) == before + paid, "the receiver got something else"
        return paid


class HubWords(Differential):
    """The hub's storage, word for word. `operators` are the addresses of those that are registered."""

    operators: list[str]
    donated: int  # wei sent to the hub without a call

    @property
    def hub(self) -> HubModel:
        """The hub's model; here the only one."""
        model: HubModel = self.model
        return model

    def read_hub(self) -> None:
        """Make the readers; call it once hub and token are bound."""
        self.stored = self.read("token.balanceOf")
        self.pool, self.bond_word = self.read("hub.ledger.pools_of"), self.read("hub.ledger.bonds")
        self.totals, self.credit = self.read("hub.ledger.totals"), self.read("hub.ledger.credits")
        self.committed, self.fees = self.read("hub.obligations.committed"), self.read("hub.ledger.fees")
        self.position_word = self.read("hub.positions.positions")

    def position_follows(self, operator: str, owner: str) -> None:
        """HUB-12 for one position: shares, and the index that its rewards start from. For calls that change it."""
        held = self.hub.operators[operator].positions.get(owner, Position())
        word = held.shares | held.index << 128 | held.generation << 248
        assert self.position_word(operator, owner) == word, "HUB-12: the position is not the model's"

    @invariant("HUB-1")
    def balance_follows(self) -> bool:
        """The hub's coins are what came in less what went out, and donations."""
        return self.stored(self["hub"]) == self.hub.balance + self.donated

    @invariant("HUB-12")
    def words_follow(self) -> bool:
        """Operators and delegators end as the model says: pools, bonds, totals, fees, commitments and credits."""
        model = self.hub
        for name in self.operators:
            item = model.operators[name]
            bond = item.bond
            pool = item.active | item.shares << 96 | item.generation << 224 | item.epoch << 232
            word = bond.active | bond.leaving << 96 | bond.unlock << 192 | bond.jailed << 232
            if (self.pool(name), self.bond_word(name)) != (pool, word):
                return False
            if (self.committed(name), self.fees(name)) != (item.committed, item.fees):
                return False
        totals = model.stake_total | model.insurance << 96 | model.epoch_touched << 192
        return self.totals() == totals and all(self.credit(who) == model.credits.get(who, 0) for who in self.addresses)

    @invariant("HUB-8")
    def shares_are_worth_no_more_than_coins(self) -> bool:
        """A share is never worth more than a coin."""
        return all(_sound(item) for item in self.hub.operators.values())


def _sound(operator: Operator) -> bool:
    pools = [(operator.active, operator.shares), *((item.tokens, item.shares) for item in operator.buckets.values())]
    return all(tokens <= shares and tokens << SPENT_BITS >= shares for tokens, shares in pools)
