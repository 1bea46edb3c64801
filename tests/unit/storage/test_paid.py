"""What a storage node takes of other tokens, and when it has its pay in them credited and sent: beside contracts that
are made up."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.chain.sender import State as Sent
from keifu.node.sections import StorageWork
from keifu.node.storage import prices as prices_module
from keifu.node.storage.paid import Paid
from keifu.node.storage.prices import Prices
from keifu.node.storage.records import Handed, Known, Records
from keifu.node.storage.seeing import Seeing, Seen
from keifu.storage.client.money import Money
from keifu.storage.deals import Placed
from keifu.storage.provider.messages import ShardId
from keifu.storage.states import DealState, Shard, State

ME, OTHER, COIN = ("0x" + digit * 40 for digit in "123")
TOKEN, SECOND = "0x" + "a" * 40, "0x" + "b" * 40
DEAL = bytes([3]) * 32
FIRST, LATER = ShardId(DEAL, 0), ShardId(DEAL, 1)
PRICE, EPOCHS, END = 7, 3, 20
TERMS = DealState(OTHER, bytes(32), 4, 1, END, 2, False, False, 0, PRICE, 0, TOKEN)


def settings(**changed: Any) -> StorageWork:
    return StorageWork(listen="127.0.0.1:1", url="http://node", collect_epochs=EPOCHS, **changed)


class Chain:
    """Two shards of a deal of this provider, what they are owed and credited, and what is sent."""

    def __init__(self, terms: DealState = TERMS) -> None:
        self.terms, self.due, self.credit = terms, 0, 0
        self.provider, self.state, self.end = ME, State.STORED, END
        self.sent: dict[str, tuple[Any, ...]] = {}
        self.heard: list[str] = []
        self.fate = Sent.DONE
        self.records = Records(sqlite3.connect(":memory:", isolation_level=None))
        self.named: dict[str, int] = {}

    def ask(self, block: int, wanted: Any) -> list[Any]:
        return [getattr(self, f"_{name}")(*args) for name, args in wanted]

    def _deal(self, deal: bytes) -> DealState:
        return self.terms

    def _shard(self, deal: bytes, index: int) -> Shard:
        return Shard(self.provider, index, 1, self.end, self.state)

    def _collect(self, deal: bytes, indices: list[int]) -> int:
        return self.due

    def _token_credits(self, account: str, token: str) -> int:
        return self.credit

    def send(self, what: str, to: str, data: tuple[Any, ...]) -> None:
        self.sent.setdefault(what, data)

    def last(self, what: str) -> Any:
        return SimpleNamespace(state=self.fate, reason="frozen") if what in self.sent else None

    def node(self, own: StorageWork | None = None, taken: dict[str, int] | None = None) -> Paid:
        own = own or settings()
        prices = Prices(own, COIN)
        prices.named = {TOKEN: PRICE} if taken is None else taken
        deals = _Deals()
        contracts: Any = SimpleNamespace(account=SimpleNamespace(address=ME), deals=deals, ask=self.ask)
        alerts: Any = SimpleNamespace(tell=lambda key, text: self.heard.append(text))
        made = Paid(contracts, self.records, None, own, prices, alerts)  # type: ignore[arg-type]
        made._attempts = SimpleNamespace(send=self.send, last=self.last)  # type: ignore[assignment]
        made._named = lambda: self.named  # type: ignore[method-assign]
        return made

    def step(self, paid: Paid, epoch: int) -> list[str]:
        """What it sends that it had not sent before."""
        before = set(self.sent)
        states = {shard: self._shard(shard.deal, shard.index) for shard in (FIRST, LATER) if self.state is State.STORED}
        paid.step(SimpleNamespace(epoch=epoch, block=1, states=states))  # type: ignore[arg-type]
        return [what.split()[0] for what in self.sent if what not in before]


class _Named(str):
    """A view by its name; what it is called with stands for the call."""

    def encode(self, *args: Any) -> tuple[Any, ...]:
        return args


class _Deals:
    address = OTHER

    def __getattr__(self, name: str) -> _Named:
        return _Named(name)


# prices --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "money", "listed", "price", "fault"),
    [
        ("1.5", Money(TOKEN, 6, "X"), True, 1_500_000, ""),
        ("1.5", Money(TOKEN, 6, "X"), False, 0, "it is not listed"),
        ("1.5", Money(TOKEN, 0, "X", says_decimals=False), True, 0, "it does not say its decimals"),
        ("1.0000001", Money(TOKEN, 6, "X"), True, 0, "decimals"),
        ("18446744073710", Money(TOKEN, 6, "X"), True, 0, "none of its amounts"),
        ("1", Money(TOKEN, 36, "X"), True, 0, "none of its amounts"),
    ],
    ids=["good", "not listed", "no decimals", "too fine", "beyond a deal", "beyond a deal by its decimals"],
)
def test_a_price_is_read_by_the_token_s_own_decimals(monkeypatch, text, money, listed, price, fault):
    monkeypatch.setattr(prices_module, "read_money", lambda client, token: money)
    contracts: Any = SimpleNamespace(
        token=SimpleNamespace(address=COIN), channels=SimpleNamespace(isListed=lambda token: listed),
        chain=SimpleNamespace(client=None),
    )  # fmt: skip
    made = Prices.read(settings(tokens={TOKEN: text}), contracts)
    assert made.named == ({TOKEN: price} if price else {})
    assert fault in made.faults.get(TOKEN, "")
    assert bool(made.faults) is bool(fault)


def test_the_coin_is_no_other_token():
    contracts: Any = SimpleNamespace(token=SimpleNamespace(address=COIN))
    made = Prices.read(settings(tokens={COIN: "1"}), contracts)
    assert (made.named, "it is the suite's coin" in made.faults[COIN]) == ({}, True)


@pytest.mark.parametrize("text", ["0", "0.0", "-1", "1e3", ""])
def test_a_price_of_nothing_is_refused_where_it_is_written(text):
    with pytest.raises(ValueError, match=r"above zero|amount"):
        settings(tokens={TOKEN: text})


def test_a_deal_is_taken_by_its_token_and_price():
    prices = Prices(settings(price=1_024), COIN)
    prices.named = {TOKEN: 2_048}
    mebibyte = 4_096
    assert [prices.least(token, mebibyte) for token in (COIN, TOKEN, SECOND)] == [1, 2, None]
    assert prices.least(TOKEN, mebibyte + 1) == 3
    for token, price, pays, refuses in (
        (COIN, 1, True, False), (COIN, 0, False, False), (TOKEN, 2, True, False), (TOKEN, 1, False, True),
        (SECOND, 10**9, False, True),
    ):  # fmt: skip
        deal = TERMS._replace(token=token, price=price)
        assert (prices.pays(deal, mebibyte), prices.refuses(deal, mebibyte)) == (pays, refuses)


def seeing(own: dict[str, int]) -> Any:
    """What looks at the chain for a node that takes these tokens."""
    made: Any = Seeing.__new__(Seeing)
    made._prices = Prices(settings(), COIN)
    made._prices.named = own
    made._me = ME
    made._contracts = SimpleNamespace(last_second=lambda epoch: 10**9)
    made._records = SimpleNamespace(known=lambda deal: Known(1, (Placed(ME, bytes(32), 4_096),) * 2))
    return made


@pytest.mark.parametrize(
    ("token", "price", "named", "seen"),
    [(TOKEN, 2, {TOKEN: 2_048}, 1), (TOKEN, 1, {TOKEN: 2_048}, 0), (TOKEN, 10**9, {SECOND: 1}, 0), (COIN, 0, {}, 1)],
    ids=["named", "too little", "not named", "the coin"],
)
def test_what_is_vacant_or_handed_over_is_judged_by_its_token(token, price, named, seen):
    """A lost shard of a deal in the coin is repaired for its bounty whatever it pays."""
    deal = TERMS._replace(token=token, price=price)
    look, now, free = seeing(named), Seen(epoch=2), Shard(ZERO_ADDRESS, 0, 0, 0, State.FREE)
    lost = look._vacancy(now, FIRST, deal, Shard(OTHER, 0, 1, END, State.LOST), (ZERO_ADDRESS, 0, 0))
    assert len(lost) == seen
    nobody = (ZERO_ADDRESS, ZERO_ADDRESS)
    assert (look._offer(now, Handed(FIRST, 0, False), deal, free, nobody) is not None) == bool(seen)
    assert look._offer(now, Handed(FIRST, 1_000, False), deal, free, nobody) is not None  # it has signed


# naming --------------------------------------------------------------------------------------------------------------


def test_prices_are_named_where_they_changed_and_taken_back():
    chain = Chain()
    chain.named = {TOKEN: PRICE, SECOND: 5}
    chain.node().begin(9)
    assert [*chain.sent.values()] == [(SECOND, 0)]
    chain = Chain()
    chain.named = {TOKEN: PRICE - 1}
    chain.node().begin(9)
    assert [*chain.sent.values()] == [(TOKEN, PRICE)]
    chain = Chain()
    chain.named = {TOKEN: PRICE}
    chain.node().begin(9)
    assert chain.sent == {}


def test_a_node_without_an_address_names_nothing():
    chain = Chain()
    chain.node(StorageWork(listen="127.0.0.1:1")).begin(9)
    assert chain.sent == {}


# collecting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("due", "sent"), [(PRICE * EPOCHS - 1, []), (PRICE * EPOCHS, ["collect"])])
def test_pay_is_collected_when_it_is_that_of_so_many_epochs(due, sent):
    chain = Chain()
    paid, chain.due = chain.node(), due
    assert chain.step(paid, 5) == sent
    assert paid.earned == {TOKEN: due}


def test_a_new_process_sends_the_same_call_no_second_time():
    chain = Chain()
    chain.due = PRICE * EPOCHS
    assert chain.step(chain.node(), 5) == ["collect"]
    assert chain.step(chain.node(), 5) == []
    assert chain.step(chain.node(), 6) == ["collect"]  # its epoch is another, and so is what it collects
    assert [*chain.sent.values()] == [(DEAL, [0, 1])] * 2


def test_the_last_of_a_deal_is_collected_whatever_it_is_and_then_no_more():
    chain = Chain()
    paid, chain.due = chain.node(), 1
    assert chain.step(paid, END - 1) == []
    assert chain.step(paid, END) == ["collect"]
    chain.due, chain.credit = 0, 1
    assert chain.records.owed()
    assert chain.step(paid, END + 1) == ["withdraw"]
    assert chain.records.owed() == []
    assert chain.sent[f"withdraw {TOKEN} {END + 1}"] == (TOKEN, ME)


def test_who_was_down_collects_shards_that_were_cleared_meanwhile():
    chain = Chain()
    chain.step(chain.node(), 5)
    paid, chain.due = chain.node(), 1
    chain.end = 6
    paid.step(SimpleNamespace(epoch=9, block=1, states={}))  # type: ignore[arg-type]
    assert f"collect {DEAL.hex()} 9" in chain.sent


@pytest.mark.parametrize(("provider", "state"), [(OTHER, State.STORED), (ME, State.LOST), (ZERO_ADDRESS, State.OVER)])
def test_what_went_to_another_or_was_lost_is_no_more_this_node_s(provider, state):
    chain = Chain()
    paid = chain.node()
    chain.step(paid, 5)
    chain.provider, chain.state, chain.due, chain.credit = provider, state, 100, 1
    assert chain.step(paid, 6) == ["withdraw"]
    assert chain.records.owed() == []


def test_deals_in_the_coin_are_the_market_s():
    chain = Chain(TERMS._replace(token=COIN))
    chain.due = 10**9
    paid = chain.node()
    assert (chain.step(paid, 5), paid.earned, chain.records.owed()) == ([], {}, [])


# paying out ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("credit", "sent"), [(0, []), (PRICE * EPOCHS - 1, []), (PRICE * EPOCHS, ["withdraw"])])
def test_a_credit_is_paid_out_when_it_is_worth_its_gas(credit, sent):
    chain = Chain()
    paid, chain.credit = chain.node(settings(receiver=OTHER)), credit
    assert chain.step(paid, 5) == sent
    assert all(data == (TOKEN, OTHER) for data in chain.sent.values())
    assert paid.earned == {TOKEN: credit}


def test_of_a_token_that_refuses_its_owner_hears_once_and_it_is_tried_again():
    chain = Chain()
    paid, chain.credit, chain.fate = chain.node(), 10**6, Sent.REFUSED
    assert [chain.step(paid, epoch) for epoch in (5, 6)] == [["withdraw"], ["withdraw"]]
    assert ["refuses to pay what was earned: frozen" in text for text in chain.heard] == [True]
