"""The verifier's side of a campaign: attestors come and leave, keys are shown to be wrong, promises end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from audit.oracles.profit import check_self_slash
from audit.systems._inft import ATTESTORS, FUNDS, InftSystem
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.profit import check_paid_in_full, check_profit
from evmstorm.oracles.promise import Claim, check_payable
from keifu.spec.attestors import COMPLAINT_WINDOW, EVIDENCE_WINDOW, PAID, PENALTY, REWARD, Contradicted, Lost
from keifu.spec.inft import Leased
from keifu.spec.refusals import check
from keifu.units import COIN

__all__ = ["BACKINGS", "VerifierSystem"]

BACKINGS = (0, 0, 0, 800 * COIN, 3_000 * COIN + 3, 7_600 * COIN, 8_000 * COIN)
AMOUNTS = (0, 1, COIN, 1_000 * COIN, 2_999 * COIN, 3_000 * COIN, 5_000 * COIN, 10**26)
SLACK = 8  # wei that rounding up adds to one slash


class VerifierSystem(InftSystem):
    """What attestors and those who watch them do."""

    # attestors --------------------------------------------------------------------------------------------------------

    @action("", Choice(("name", "drop", "remove")), Choice((*ATTESTORS, "newcomer")), weight=4)
    def change(self, who: str, how: str, role: str) -> Steps:
        call = {"name": "name_attestor", "drop": "drop_attestor", "remove": "remove_attestor"}[how]
        sender = who if how == "remove" else self.owner
        order = self.tx(f"verifier.{call}", self[role], sender=sender, raw_outcome=True)
        yield from self.both(lambda m: getattr(m.attestors, how)(self[role]), order=order, atomic=True)

    @action("", Choice((1_000 * COIN, 3_000 * COIN)), sender=(*ATTESTORS, "newcomer"), weight=3)
    def lock(self, who: str, amount: int) -> Steps:
        order = self.tx("hub.lock", self["verifier"], who, amount, sender=who)
        yield order
        self.model.attestors.lock(who, amount)

    @action(sender=(*ATTESTORS, "newcomer", "stranger"), weight=3)
    def enter(self, who: str) -> Steps:
        order = self.tx("verifier.join", sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.attestors.join(who), order=order, atomic=True)

    @action("", Choice(AMOUNTS), sender=(*ATTESTORS, "newcomer"), weight=4)
    def leave(self, who: str, amount: int) -> Steps:
        order = self.tx("verifier.leave", amount, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.attestors.leave(who, amount), order=order, atomic=True)

    @action("", Choice("promising"), weight=4)
    def leave_and_wait(self, who: str, attestor: str) -> Steps:
        """Whoever has signed asks all back and waits: coins that an open promise needs are not paid out."""
        book = self.model.attestors
        coins = book.coins(attestor)
        if amount := coins.lock - coins.leaving:
            order = self.tx("verifier.leave", amount, sender=attestor, raw_outcome=True)
            yield from self.both(lambda m: m.attestors.leave(attestor, amount), order=order, atomic=True)
        self.evm.warp_to(max(self.now, book.coins(attestor).release_at))
        order = self.tx("verifier.release", sender=attestor, raw_outcome=True)
        yield from self.both(lambda m: m.attestors.release(attestor), order=order, atomic=True)

    def promising(self, who: str) -> list[str]:
        """Attestors with open promises, if there are any."""
        signers = [signer for item in self.model.attestors.open_promises() for signer in item.signers]
        return signers or [self[ATTESTORS[0]]]

    @action(sender=(*ATTESTORS, "newcomer"), weight=4)
    def release(self, who: str) -> Steps:
        order = self.tx("verifier.release", sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.attestors.release(who), order=order, atomic=True)

    @action("", Choice(ATTESTORS), weight=2)
    def poke(self, who: str, role: str) -> Steps:
        yield self.tx("verifier.poke", self[role], sender=who)

    # faults -----------------------------------------------------------------------------------------------------------

    def nonces(self, who: str) -> Sequence[bytes | None]:
        return [*self.said][-6:] or [None]

    def friends(self, *signers: str) -> int:
        """What everybody holds together who may be a friend of the signers."""
        people = {*(self[role] for role in self.actors), *signers}
        held = sum(self.stored(who) + self.ask("verifier.credits", who) for who in people)
        return held + sum(self.lock_of(self[role]) for role in (*ATTESTORS, "newcomer"))

    @action("", Choice("nonces"), weight=12)
    def show_wrong_key(self, who: str, nonce: bytes | None) -> Steps:
        if nonce is not None:
            yield from self.showing(nonce, who)

    def showing(self, nonce: bytes, who: str) -> Any:
        book = self.model.attestors
        signed = book.signed(nonce)
        assert signed is not None
        before, locks = self.friends(), {signer: self.lock_of(signer) for signer in signed.signers}
        credit = self.ask("verifier.credits", signed.sender)
        done = yield from self.both(
            lambda m: m.attestors.check_wrong(nonce), order=self.wrong_key_call(nonce, who), atomic=True
        )
        if done is None:
            return
        lost = {signer: locks[signer] - self.lock_of(signer) for signer in signed.signers}
        promised = book.ending(nonce) is None and signed.backing > 0
        damages = book.owed(signed.backing) - PENALTY if promised else 0
        for signer, amount in lost.items():
            wanted = min(damages + book.penalty(signer, signed.backing), Fraction(locks[signer]))
            # Reserves are rounded up, and a penalty leaves them alone.
            less = 0 if promised else SLACK * len(book.open_promises(signer))
            assert wanted - less <= amount <= wanted + SLACK, "DAT-5: a signer of a wrong key lost another sum"
        got = self.ask("verifier.credits", signed.sender) - credit
        assert not promised or signed.backing <= got <= signed.backing + SLACK, (
            "DAT-6: another sum was paid than backed"
        )
        check_self_slash(before, self.friends(), int(damages * len(lost)))
        book.prove_wrong(nonce, lost)

    @action("", Choice("pairs"), Choice(("items", "backing", "deadline", "other signer")), weight=6)
    def contradict(self, who: str, pair: tuple[bytes, str], form: str) -> Steps:
        """Somebody shows two statements of one attestor under one nonce."""
        tokens = self.model.tokens
        token = next((one for one in tokens.tokens() if tokens.hashes(one)), None)
        if token is None:
            return
        nonce, role = pair
        first = replace(self.statement(token, 0, self["buyer"], 0, wrong=False), nonce=nonce)
        changes: dict[str, Any] = {"items": first.items[::-1], "backing": 1, "deadline": first.deadline + 1}
        part = form if form in changes else "backing"
        second = replace(first, **{part: changes[part]})
        signers = self.signer(self[role]), self.signer(self["stranger" if form == "other signer" else role])
        signed = [one.sign(self.proofs_in, by) for one, by in zip((first, second), signers, strict=True)]
        attestor, chain, book = self[role], self.evm.chain_id, self.model.attestors
        alike = form == "deadline" or (form == "items" and len(first.items) == 1)
        lock, credit = self.lock_of(attestor), self.ask("verifier.credits", who)
        order = self.tx(
            "verifier.prove_contradiction", self["nft"], nonce, first.args(chain), signed[0], second.args(chain),
            signed[1], sender=who, raw_outcome=True,
        )  # fmt: skip

        def run(_: Any) -> None:
            check(not alike, "verifier: no contradiction")
            check(book.has_joined(attestor), "verifier: not signed by an attestor")
            check(form != "other signer" or role == "stranger", "verifier: not one signer")
            book.check_contradiction(nonce, attestor)

        done = yield from self.both(run, order=order, atomic=True)
        if done is not None:
            lost, reward = lock - self.lock_of(attestor), self.ask("verifier.credits", who) - credit
            wanted = int(REWARD / PAID) + PENALTY
            assert lost == min(wanted, lock), "DAT-7: a contradiction cost another sum"
            assert reward == REWARD or (reward < REWARD and lock < wanted), "DAT-7: another reward"
            book.contradict(Contradicted(nonce, attestor, who, reward), lost)

    def pairs(self, who: str) -> list[tuple[bytes, str]]:
        """Nonces and attestors that can contradict themselves, also again."""
        shown = [(item.nonce, item.who) for item in self.model.attestors.log if isinstance(item, Contradicted)]
        roles = {self[role]: role for role in self.actors}
        again = [(nonce, roles[address]) for nonce, address in shown[-1:]]
        return [*again, *((self.fresh("twice"), role) for role in (*ATTESTORS, "newcomer", "stranger"))]

    @action("", Choice("nonces"), weight=4)
    def free(self, who: str, nonce: bytes | None) -> Steps:
        if nonce is None:
            return
        said, signed = self.said[nonce], self.model.attestors.signed(nonce)
        assert signed is not None
        order = self.tx(
            "verifier.free", self["nft"], nonce, said.hash, self.in_order(signed.signers), sender=who, raw_outcome=True
        )
        yield from self.both(lambda m: m.attestors.free(nonce), order=order, atomic=True)

    @action(weight=2)
    def take(self, who: str) -> Steps:
        """DAT-6: a credit is paid once, in full."""
        owed, before = self.ask("verifier.credits", who), self.stored(who)
        yield self.tx("verifier.withdraw", who, sender=who)
        assert self.stored(who) == before + owed, "DAT-6: another sum was paid than was credited"

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("DAT-3", at_end=True)
    def attestors_are_the_log_s(self) -> bool:
        """What an attestor weighs, has asked back and owes is what the log says."""
        book = self.model.attestors
        book.now = self.now
        for role in (*ATTESTORS, "newcomer"):
            who, coins = self[role], book.coins(self[role])
            state = self.answer("verifier.attestor", who)
            pending = sum(amount for start, amount in coins.parts if start > book.epoch)
            if [*state[:2], state[3]] != [book.weight(who), pending, coins.leaving] or self.lock_of(who) != coins.lock:
                return False
            reserved = book.reserved(who)
            if not reserved <= state[5] <= reserved + SLACK * (1 + len(book.open_promises(who))):
                return False
            if reserved > coins.lock:
                return False
        return True

    @invariant("ORA-2", at_end=True)
    def promises_are_payable(self) -> bool:
        """Promise: whatever wrong keys are shown first, each sender gets what was backed."""
        book = self.model.attestors
        kept = [item for item in book.open_promises() if item.is_wrong and self.now <= item.until]

        def claim(promise: Claim) -> int:
            nonce, credit = bytes.fromhex(promise.name), self.ask("verifier.credits", promise.who)
            call = self.wrong_key_call(nonce, self["stranger"])
            self.do(call.text[0], *call.text[1], sender=self["stranger"])
            return min(self.ask("verifier.credits", promise.who) - credit, promise.amount)

        check_payable([Claim(item.sender, item.backing, item.nonce.hex()) for item in kept], self.evm.anchor, claim)
        return True

    def entitled(self) -> dict[str, Fraction]:
        """What everybody should have, by the log: leases are paid to owners, and wrong keys to those who sent them."""
        book = self.model
        owed = defaultdict(Fraction, {self[role]: Fraction(FUNDS) for role in self.actors})
        for item in book.tokens.log:
            if isinstance(item, Leased):
                owed[item.user] -= item.offer.price
                owed[item.owner] += item.offer.price
        for item in book.attestors.log:
            if isinstance(item, Lost):
                owed[item.who] -= item.amount
            if isinstance(item, Contradicted):
                owed[item.reporter] += item.reward
        for signed, was_backed in book.attestors.proved():
            owed[signed.sender] += signed.backing if was_backed else 0
        return owed

    def held(self) -> dict[str, int]:
        """What everybody has: coins, credits and locks."""
        people = {self[role]: self.stored(self[role]) for role in self.actors}
        return {
            who: coins + self.ask("verifier.credits", who) + self.ask("hub.credit", who) + self.lock_of(who)
            for who, coins in people.items()
        }

    def rounding(self) -> int:
        """Wei that the division of royalties may take from somebody."""
        return 0

    @invariant("ORA-1", at_end=True)
    def nobody_is_richer_than_the_log_says(self) -> bool:
        """Profit: no coalition has more than what the log entitles it to."""
        dust = SLACK * (1 + len(self.model.attestors.proved())) + self.rounding()
        check_profit(self.held(), self.entitled(), dust)
        return True

    @invariant("ORA-3", at_end=True)
    def who_signed_nothing_wrong_loses_nothing(self) -> bool:
        """Harm: wrong keys cost those who signed them, and nobody else a wei."""
        log = self.model.attestors.log
        guilty = {who for signed, _ in self.model.attestors.proved() for who in signed.signers}
        guilty |= {item.who for item in log if isinstance(item, Contradicted)}
        held = {who: amount for who, amount in self.held().items() if who not in guilty}
        check_paid_in_full(held, self.entitled(), self.rounding())
        return True

    @invariant("ORA-4", at_end=True)
    def attestors_get_out(self) -> bool:
        """Delay: whatever was promised, an attestor's coins are its own again when both windows are over."""
        now = self.now
        book = self.model.attestors

        def way(who: str) -> Callable[[], bool]:
            def leave() -> bool:
                for item in book.open_promises(who):
                    said = self.said[item.nonce]
                    if self.answer("verifier.verdict", self["nft"], item.nonce)[2]:
                        continue
                    self.do(
                        "verifier.free", self["nft"], item.nonce, said.hash, self.in_order(item.signers), sender=who
                    )
                if self.lock_of(who):
                    self.do("verifier.release", sender=who)
                return self.lock_of(who) == 0

            return leave

        with self.evm.anchor():
            exits = []
            for role in (*ATTESTORS, "newcomer"):
                who = self[role]
                coins = book.coins(who)
                if coins.lock > coins.leaving:
                    self.do("verifier.leave", coins.lock - coins.leaving, sender=who)
                exits.append(Exit(role, now, max(EVIDENCE_WINDOW, COMPLAINT_WINDOW + 1), way(who)))
            check_exits(exits, lambda: self.now, self.evm.warp_to)
        return True
