"""The five oracles over one account: everybody's balances are the log's to the wei, what was granted can be spent, in
one call or in several, and the owner gets everything out at once."""

from __future__ import annotations

from typing import Any

from audit.systems._differential import Differential
from evmstorm.fuzz.system import invariant
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.neutrality import check_alike, split
from evmstorm.oracles.profit import check_paid_in_full, check_profit
from keifu.spec.accounts import COIN, Granted, World

__all__ = ["AccountOracles", "SessionOracles"]

PARTS = 3


class SessionOracles(Differential):
    """Promise, delay and neutrality of one account, wherever the model has its `World`."""

    payee: str

    @property
    def book(self) -> World:
        found: World = self.model
        return found

    @property
    def session_keys(self) -> list[str]:
        raise NotImplementedError

    def owner_leaves(self) -> bool:
        """Delay: at once, in one batch, whatever was granted."""
        me, token, owner = self["account"], self.contract("token"), self.book.owner
        held = self.ask("token.balanceOf", me), self.evm.balance(me)

        def leave() -> bool:
            calls = [(token.address, 0, token.transfer.encode(self.payee, held[0])), (self.payee, held[1], b"")]
            self.do("account.execute_batch", calls, sender=owner)
            return (self.ask("token.balanceOf", me), self.evm.balance(me)) == (0, 0)

        with self.evm.anchor():
            if int(owner, 16):
                check_exits([Exit("owner", self.now, 0, leave)], lambda: self.now, self.evm.warp_to)
        return True

    def spendable(self, grant: Granted) -> int:
        """Tokens that a session may still pay out in this window, where it may now and they are there."""
        terms, token, now = grant.terms, self["token"], self.now
        book = self.book
        book.now = now
        runs = book.alive(grant) and terms.after <= now < terms.until and book.uses_left(grant) > PARTS
        if not runs or (token, "transfer") not in terms.rights:
            return 0
        left = dict(terms.limits)[token] - book.spent(grant, token)
        return left if book.balances[token, self["account"]] > left else 0

    def pays(self, key: str, amount: int) -> bool:
        """Whether a session's payment goes through."""
        token = self.contract("token")
        to, encode = self.resolve("account.execute_session", 3)
        call: tuple[Any, ...] = (token.address, 0, token.transfer.encode(self.payee, amount))
        return self.evm.raw.call(key, to, encode(call)) is not None

    def grants_are_spendable(self) -> bool:
        """Promise: each living session pays what is left of its limit; ORA-5, neutrality: in one call or in three."""
        for key in self.session_keys:
            grant = self.book.session(key)
            left = self.spendable(grant) if grant else 0
            if left < PARTS:
                continue
            with self.evm.anchor():
                assert self.pays(key, left), f"promise: {key} was granted {left} more, and cannot spend it"
                assert not self.pays(key, 1), f"promise: {key} spends more than it was granted"
            with self.evm.anchor():
                parts = [part for part in split(left, PARTS) if self.pays(key, part)]
                check_alike("limit", left, parts, 0)
        return True


class AccountOracles(SessionOracles):
    """For a description whose model is a `World`."""

    signers: list[str]

    @property
    def session_keys(self) -> list[str]:
        return self.signers

    def held(self) -> dict[str, int]:
        """Of account, shop and payee, tokens and coins apart."""
        return {
            f"{kind} {who}": self.evm.balance(who) if kind == COIN else self.ask("token.balanceOf", who)
            for kind, who in self.model.balances
        }

    def entitled(self) -> dict[str, int]:
        return {f"{kind} {who}": amount for (kind, who), amount in self.model.balances.items()}

    @invariant("ORA-1", at_end=True)
    def nobody_is_richer_than_the_log_says(self) -> bool:
        """Profit: neither shop nor payee got a wei that owner or session did not send."""
        check_profit(self.held(), self.entitled(), 0)
        return True

    @invariant("ORA-3", at_end=True)
    def nobody_lost_what_it_did_not_send(self) -> bool:
        """Harm: the account has every wei that its owner and its sessions did not spend."""
        check_paid_in_full(self.held(), self.entitled(), 0)
        return True

    @invariant("ORA-4", at_end=True)
    def the_owner_gets_everything_out(self) -> bool:
        """Delay."""
        return self.owner_leaves()

    @invariant("ORA-2", at_end=True)
    def what_was_granted_can_be_spent(self) -> bool:
        """Promise, with ORA-5, neutrality."""
        return self.grants_are_spendable()
