"""Ten chores from one signature. The owner pays for three transactions at most: it mints its token, makes the token's
account, and brings the signatures of its storage providers. All else is one batch of the account's, which a relayer
brings and is paid for out of it.

Each chore looks at the chain first, and what was signed is on the disk before it leaves: so the same call goes on where
another one ended, and nothing is signed, paid or minted twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ethwire.rpc import quantity
from keifu.abi import Contract
from keifu.accounts import Intent
from keifu.accounts import actions as accounts
from keifu.agent.batch import ESCROW, Batch
from keifu.agent.errands import Relayer, refund_of, terms_of
from keifu.agent.faults import ChoreFault
from keifu.agent.making import Breed, make_account, mint
from keifu.agent.plan import STORED, Plan, session_key
from keifu.agent.scene import Scene
from keifu.agent.wishes import Wishes
from keifu.chain.logs import find_events
from keifu.chain.suite import ACCOUNT, CHANNELS, TOKEN
from keifu.compute.client.client import ComputeClient, Provider
from keifu.compute.client.side import chain_side
from keifu.compute.client.store import Store
from keifu.errors import Revert
from keifu.keys import keccak256
from keifu.payments import Channel, Vouchers
from keifu.payments.wallet import KeptChannel, Terms, Wallet
from keifu.storage.client.ledger import Ledger, Row
from keifu.storage.client.market import Market
from keifu.storage.client.quoting import Wish
from keifu.storage.client.storing import Storing, address_of
from keifu.storage.client.trees import source_of
from keifu.units import coins

__all__ = ["CHORES", "UPLOAD", "Chore", "Chores", "Tenant"]

CHORES = (
    "mint", "account", "claim", "sponsorship", "identity", "stake", "deposit", "session", "storage", "inference",
)  # fmt: skip
UPLOAD = "upload"  # no chore: it takes what the line takes
SIGNED = ("claim", "sponsorship", "identity", "stake", "deposit", "session", "storage")  # by the one signature
SIGNATURE_GAS = 60_000  # more than a batch that its owner brings itself
LOOKS, LOOK_SECONDS = 300, 0.1
LOOKS_AT_EVENTS = 10


@dataclass(frozen=True)
class Chore:
    """One that is done, or left out."""

    name: str
    seconds: float
    detail: str = ""


class Chores:
    """Of one agent. `tell` hears of each chore when it is done."""

    def __init__(self, scene: Scene, place: Path, plan: Plan, wishes: Wishes, tell: Callable[[Chore], None]) -> None:
        self._scene, self._place, self._plan, self._wishes, self._tell = scene, place, plan, wishes, tell

    def run(self) -> Plan:
        """All ten. Raises ChoreFault, and what its parts raise; the same call goes on then."""
        with self._timed("mint"):
            mint(self._scene, self._place, self._plan, Breed())
        with self._timed("account"):
            make_account(self._scene, self._plan)
        with self._stored() as storing:
            if storing is not None and self._plan.intent is None:
                with self._timed(UPLOAD):
                    self._row(storing)
            self._bring(storing)
            if storing is not None:
                with self._timed("storage"):
                    self._plan.address = str(address_of(storing.finish(self._row(storing))))
        with self._timed("inference"):
            self._ask()
        return self._plan

    # the one signature ---------------------------------------------------------------------------------------------

    def _bring(self, storing: Storing | None) -> None:
        plan = self._plan
        begun = time.perf_counter()
        if plan.intent is None:
            self._require_grant()
            plan.intent, plan.session_until = self._signed(storing)
            plan.keep(self._place)
        if not self._is_done(plan.intent):
            self._require_alive(plan.intent)
            transaction = Relayer(self._wishes.relayer).bring(plan.intent)
            self._wait(plan.intent, transaction)
        each = (time.perf_counter() - begun) / len(SIGNED)
        for name in SIGNED:
            if name != "storage" or storing is None:
                self._done(name, each)

    def _signed(self, storing: Storing | None) -> tuple[Intent, int]:
        """Raises ChoreFault when the grant does not reach, before anything is signed."""
        scene, wishes = self._scene, self._wishes
        terms = Relayer(wishes.relayer).terms(scene.suite[TOKEN])
        until = scene.client.now + wishes.session
        deal = None if storing is None else storing.opening(self._row(storing))
        batch = Batch(
            scene.client, scene.suite, self._plan.account, self._plan.session, wishes, until, deal, self._channel
        )
        self._require_coins(batch.cost + (terms is not None))
        refund = 0
        if terms is not None:
            gas = self._gas(batch, terms.receiver) + SIGNATURE_GAS
            refund = refund_of(terms, gas, quantity(scene.client.rpc.call("eth_gasPrice"), "eth_gasPrice"))
            if refund > min(wishes.most_refund, int(terms.most)):
                raise ChoreFault(
                    "gas", f"the gas costs {coins(refund)} coins, {coins(wishes.most_refund)} at most were allowed",
                    "--most-refund raises it, or wait until gas is cheaper",
                )  # fmt: skip
        self._require_coins(batch.cost + refund)
        self._plan.refund = str(refund)
        calls = batch.calls(terms.receiver if terms else "", refund)
        deadline = scene.client.now + wishes.deadline
        return accounts.sign_batch(
            scene.chain, self._plan.chain_id, self._plan.account, calls, deadline, scene.sign
        ), until

    def _gas(self, batch: Batch, relayer: str) -> int:
        """What the batch takes when its owner brings it. Raises ChoreFault for what a contract would refuse."""
        scene = self._scene
        calls = [call.args for call in batch.calls(relayer, 1)]
        data = scene.suite.at(scene.client, ACCOUNT).interface.function("execute_batch", 1).encode([calls])
        request = {"from": self._plan.owner, "to": self._plan.account, "data": "0x" + data.hex()}
        try:
            return quantity(scene.client.rpc.call("eth_estimateGas", request), "eth_estimateGas")
        except Revert as refusal:
            raise ChoreFault("refused", f"a chore would be refused: {refusal.reason or refusal}") from refusal

    def _require_grant(self) -> None:
        """Raises ChoreFault for a grant of somebody else's, or one of which nothing is vested."""
        escrow, number = self._scene.suite.at(self._scene.client, ESCROW), self._wishes.grant
        beneficiary = escrow.plan(number)[0]
        if not int(beneficiary, 16):
            raise ChoreFault("no_grant", f"there is no grant {number}", "name its number")
        if beneficiary.lower() != self._plan.account:
            raise ChoreFault(
                "other_grant", f"grant {number} is {beneficiary}'s, not {self._plan.account}'s",
                "have it made out to the agent's account, which `keifu agent plan` prints",
            )  # fmt: skip
        if not escrow.claimable(number):
            raise ChoreFault("not_vested", f"nothing of grant {number} is vested now", "come back when it is")

    def _require_coins(self, needed: int) -> None:
        suite, client = self._scene.suite, self._scene.client
        held = suite.at(client, TOKEN).balanceOf(self._plan.account)
        held += suite.at(client, ESCROW).claimable(self._wishes.grant)
        if held < needed:
            raise ChoreFault(
                "too_few_coins", f"the account will have {coins(held)} coins, the chores take {coins(needed)}",
                "stake or deposit less, or come back when more is vested",
            )  # fmt: skip

    def _is_done(self, intent: Intent) -> bool:
        """By the account's own event. Raises ChoreFault when its nonce went to something else."""
        account = self._scene.client.at(intent.account, ACCOUNT)
        if account.nonces(intent.signer) <= intent.nonce:
            return False
        for _ in range(LOOKS_AT_EVENTS):  # an endpoint may have them later than the state
            if self._is_executed(account, intent):
                return True
            time.sleep(LOOK_SECONDS)
        raise ChoreFault("cancelled", "what was signed was cancelled since", "begin anew with another folder")

    def _is_executed(self, account: Contract, intent: Intent) -> bool:
        """Something else could have had the nonce: the key of this session stands in this batch alone."""
        client, first = self._scene.client, self._scene.first_block
        done = find_events(client, account, "IntentExecuted", first, owner=intent.signer)
        granted = find_events(client, account, "SessionGranted", first, key=self._plan.session)
        return any(event.nonce == intent.nonce for event in done) and next(granted, None) is not None

    def _require_alive(self, intent: Intent) -> None:
        """What can no longer be brought is forgotten: all of it would be refused, and nothing of it has happened."""
        now = self._scene.client.now
        if min(intent.deadline, self._plan.session_until - 1) >= now:
            return
        self._plan.intent = None
        self._plan.keep(self._place)
        if intent.deadline < now:
            code, why = "too_late", "what was signed can no longer be brought, and nothing of it happened"
        else:
            code, why = "session_over", "the session that was signed for is over before it began; nothing has happened"
        raise ChoreFault(code, why, "call again: it is signed anew")

    def _wait(self, intent: Intent, transaction: str) -> None:
        for _ in range(LOOKS):
            if self._is_done(intent):
                return
            time.sleep(LOOK_SECONDS)
        raise ChoreFault("pending", f"transaction {transaction} is in no block yet", "call again: it goes on")

    # storage -------------------------------------------------------------------------------------------------------

    @contextmanager
    def _stored(self) -> Iterator[Storing | None]:
        """The client of the account's storage, where any is wanted."""
        if self._wishes.rented is None:
            yield None
            return
        scene = self._scene
        market = Market(scene.client, scene.suite, scene.first_block)
        with Ledger(scene.storage) as ledger:
            yield Storing(market, ledger, scene.chain, Tenant(self._plan.account), time.sleep)

    def _row(self, storing: Storing) -> Row:
        """Sent to its providers, on terms that are agreed; the same at each call."""
        wish = self._wishes.rented
        assert wish is not None
        source = source_of((self._place / STORED).resolve())
        wanted = Wish(source.size, *wish.code, wish.seconds, masked=False)
        return storing.agreed(source, wanted, most=wish.most, public=True)

    # answers -------------------------------------------------------------------------------------------------------

    @contextmanager
    def _wallet(self) -> Iterator[Wallet[Store]]:
        """Signs vouchers by the session's key."""
        mind, suite = self._wishes.mind, self._scene.suite
        assert mind is not None
        with Store(self._scene.channels) as store:
            terms = Terms(self._plan.chain_id, suite[CHANNELS], suite["ComputeMarket"], mind.most)
            yield Wallet(session_key(self._place), store, terms)

    @cached_property
    def _channel(self) -> Channel | None:
        """The account's own, whose vouchers the session's key signs. Its salt follows from the token's: it is one."""
        if self._wishes.mind is None:
            return None
        plan, channels = self._plan, self._scene.suite[CHANNELS]
        with self._wallet() as wallet:
            asked = terms_of(self._wishes.mind, wallet)
            authorizer = str(asked.extra.get("receiverAuthorizer") or asked.pay_to)
            channel = Channel(
                plan.account, plan.session.lower(), asked.pay_to.lower(), authorizer.lower(), asked.asset.lower(),
                int(asked.extra.get("withdrawDelay", 0)), keccak256(b"agent" + bytes.fromhex(plan.salt)),
            )  # fmt: skip
            named = Vouchers(plan.chain_id, channels).channel_id(channel)
            wallet.store.keep_channel(KeptChannel(channel, named, plan.chain_id, channels.lower()))
        return channel

    def _ask(self) -> None:
        """The first question. Raises ChoreFault when the session has ended meanwhile."""
        mind, scene = self._wishes.mind, self._scene
        if mind is None:
            return
        if self._has_answer():
            return
        account = scene.client.at(self._plan.account, ACCOUNT)
        session = accounts.read_session(account, self._plan.session)
        if not session.alive or session.valid_until < scene.client.now:
            raise ChoreFault(
                "session_over", "the session has ended before the last chore",
                "grant the key another one: keifu account grant",
            )  # fmt: skip
        with self._wallet() as wallet:
            side = chain_side(scene.client, scene.suite, scene.first_block, None)
            with ComputeClient(wallet, side.sources, now=side.now) as client:
                client.ask(Provider(mind.url, mind.operator), mind.path, mind.document)

    def _has_answer(self) -> bool:
        """Whether the first question was answered and paid for, perhaps just before the process died."""
        with self._wallet() as wallet:
            kept = wallet.store.channels()
        return any(item.fees and item.channel.payer.lower() == self._plan.account.lower() for item in kept)

    # what is said --------------------------------------------------------------------------------------------------

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self._done(name, time.perf_counter() - begun)

    def _done(self, name: str, seconds: float) -> None:
        wanted = {"stake": self._wishes.staked, "storage": self._wishes.rented}
        left_out = name in wanted and wanted[name] is None
        left_out |= name in ("deposit", "inference") and self._wishes.mind is None
        self._plan.seconds[name] = round(seconds, 3)
        self._plan.keep(self._place)
        self._tell(Chore(name, seconds, "left out" if left_out else ""))


@dataclass(frozen=True)
class Tenant:
    """The account as the client of storage. It says nothing by a signature: nodes take a client's word for its code
    from keys alone, so its owner would sign for nothing."""

    address: str

    def sign(self, digest: bytes) -> bytes:
        del digest
        return b""
