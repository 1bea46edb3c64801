"""What canaries cost, ask and settle on, without a network: caps, questions, moments, replies and their ends."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from keifu.compute.client.checks import Check, ReplyRefused
from keifu.compute.client.client import Provider, ProviderFault
from keifu.compute.receipt import Evidence
from keifu.errors import CheckFailed, EnvironmentFault, InputError, Revert, UsageError
from keifu.inference.disputes.reading import Outcome
from keifu.node.sections import CanaryWork, WatcherWork
from keifu.node.watcher import prosecuting
from keifu.node.watcher.buying import Buying
from keifu.node.watcher.canaries import Canaries
from keifu.node.watcher.canary_book import OPEN, OVER, RIGHT, CanaryBook
from keifu.node.watcher.canary_trade import Sellers, Trade, trade_of
from keifu.node.watcher.making import canary_section
from keifu.node.watcher.prosecuting import Found, Prosecuting
from keifu.provenance.verify import Finding
from keifu.units import DAY

OPERATOR, NOW = "0x" + "22" * 20, 20 * DAY + 5
SELLER = Provider("http://127.0.0.1:1", OPERATOR)
RIGHT_ANSWER = [Finding(Check.COMPUTATION, True, "right")]


@pytest.fixture
def book(tmp_path):
    found = CanaryBook(tmp_path / "book")
    yield found
    found.close()


class Client:
    """Answers with what it is given, or raises it."""

    def __init__(self, *answers, cost=0):
        self.answers, self.cost, self.asked, self.refused = list(answers), cost, [], []
        self.store = SimpleNamespace(
            requests=self.requests, channel=lambda _: "channel", channels=lambda: [SimpleNamespace(id=b"known")]
        )

    def requests(self, *, since):
        assert since == 20 * DAY
        return [SimpleNamespace(cost=self.cost, state="answered")] * len(self.asked) + self.refused

    def seconds(self):
        return NOW

    def ask(self, provider, path, document):
        self.asked.append((path, document))
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


class Covers:
    def __init__(self, price=30, fault=None, reserve=0):
        self.price, self.fault, self.reserve, self.opened = price, fault, reserve, []

    def state(self, provider, kept):
        return SimpleNamespace(reserve=self.reserve)

    def terms(self, provider):
        return SimpleNamespace(price=lambda restitution: self.price)

    def open(self, sender, provider, kept, *, restitution, most):
        self.opened.append((restitution, most))
        if self.fault:
            raise self.fault


def answer(shown, claimed=Evidence.PROVED):
    receipt = SimpleNamespace(channel_id=b"", evidence=claimed)
    return SimpleNamespace(evidence=shown, receipt=receipt, request=b"", body=b"")


def buying(client, book, covers=None, findings=RIGHT_ANSWER):
    made = object.__new__(Buying)
    made._client, made._sender, made._book = client, None, book
    made._settings = CanaryWork(most=10, day=100, restitution=50, model="words")
    made._questions = SimpleNamespace(draw=lambda: ("completions", {"prompt": "Is it?"}))
    made._own = SimpleNamespace(findings=lambda *_: findings)
    made._covers = covers or Covers()
    return made


def test_a_question_goes_as_any_client_s(book):
    client = Client(answer(Evidence.PROVED))
    found = buying(client, book).buy(SELLER)
    assert (found.word, found.operator) == ("bought", OPERATOR)
    assert client.asked == [("/v1/completions", {"model": "words", "prompt": "Is it?"})]


def test_a_reply_that_promises_nothing_is_followed_by_a_cover(book):
    covers = Covers()
    found = buying(Client(answer(Evidence.UNVERIFIED)), book, covers).buy(SELLER)
    assert (found.word, found.why) == ("unpromised", "")
    assert covers.opened == [(50, 30)]
    assert book.covers(NOW) == 30
    assert book.covers(NOW + DAY) == 0  # of the day before
    running = Covers(reserve=1)
    assert buying(Client(answer(Evidence.UNVERIFIED)), book, running).buy(SELLER).word == "unpromised"
    assert running.opened == []


@pytest.mark.parametrize(
    ("covers", "why"),
    [
        (Covers(price=91), "a cover costs more than is left of the day's cap"),
        (Covers(fault=CheckFailed("it has expired")), "no cover: it has expired"),
    ],
)
def test_a_cover_that_is_not_had_is_said(book, covers, why):
    client = Client(answer(Evidence.UNVERIFIED), cost=10)
    assert buying(client, book, covers).buy(SELLER).why == why


def test_what_claims_no_proof_is_computed_again_at_once(book):
    wrong = [Finding(Check.COMPUTATION, False, "token 0 is 1 by the model")]
    plain = answer(Evidence.UNVERIFIED, Evidence.UNVERIFIED)
    found = buying(Client(plain), book, findings=wrong).buy(SELLER)
    assert (found.word, found.why) == ("wrong", "token 0 is 1 by the model")
    # One that claims it is kept, and judged with its receipt.
    assert buying(Client(answer(Evidence.UNVERIFIED)), book, findings=wrong).buy(SELLER).word == "unpromised"


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (ReplyRefused([Finding(Check.ROOTS, False, "other roots")]), "refused"),
        (ProviderFault("it did not answer"), "unanswered"),
        (UsageError("a request may cost 11"), "not bought"),
    ],
)
def test_what_is_no_answer_is_counted_by_its_kind(book, fault, word):
    found = buying(Client(fault), book).buy(SELLER)
    assert found.word == word
    assert found.why


def test_a_day_costs_no_more_than_its_cap(book):
    client = Client(*[answer(Evidence.PROVED)] * 20, cost=10)
    made = buying(client, book)
    book.pay(NOW, 25)
    words = [made.buy(SELLER).word for _ in range(12)]
    assert words == ["bought"] * 7 + ["capped"] * 5
    assert made.spent() == 95
    assert len(client.asked) == 7


def refused(channel):
    return SimpleNamespace(cost=0, most=10, state="void", channel=channel, provider=SELLER.url)


def test_a_seller_that_refuses_deposits_gets_few_and_each_counts(book):
    """It has the voucher for each, on a channel that the client has forgotten; on one that stays the next voucher names
    the same sum once more."""
    client = Client(answer(Evidence.PROVED), answer(Evidence.PROVED))
    made = buying(client, book)
    client.refused = [refused(b"forgotten"), refused(b"known"), refused(b"other")]
    assert (made.spent(), made.buy(SELLER).word) == (20, "bought")
    client.refused.append(refused(b"third"))
    found = made.buy(SELLER)
    assert (found.word, found.why) == ("capped", "it has refused too many deposits today")
    assert made.buy(Provider("http://127.0.0.1:2", OPERATOR)).word == "bought"


# settings -----------------------------------------------------------------------------------------------------------

AMOUNTS = {"every": 60, "most": 1, "day": 2, "deposit": 3, "restitution": 4}


def test_what_canaries_need_is_asked_for_together(tmp_path):
    made = canary_section(tmp_path, tmp_path, b"\x07" * 32, **AMOUNTS)
    settings = WatcherWork(poll=5, canary_key={"role": "somebody"}, **made)
    assert settings.missing_for_canaries == ""
    assert (settings.canaries.every, settings.canaries.day) == (60, 2)
    assert settings.canaries.environment == "07" * 32
    assert canary_section(None, None, None, **AMOUNTS) == {}
    with pytest.raises(UsageError, match="canaries need --texts"):
        canary_section(tmp_path, None, b"\x07" * 32, **AMOUNTS)
    with pytest.raises(UsageError, match="one answer may cost more than all of a day"):
        canary_section(tmp_path, tmp_path, b"\x07" * 32, **{**AMOUNTS, "most": 5})


def test_a_node_without_one_of_them_does_not_start(tmp_path):
    made = canary_section(tmp_path, tmp_path, b"\x07" * 32, **AMOUNTS)
    body = SimpleNamespace(
        settings=SimpleNamespace(watcher=WatcherWork(poll=5, **made)), chain=SimpleNamespace(record=None)
    )
    with pytest.raises(EnvironmentFault, match=r"canaries need watcher\.canary_key"):
        trade_of(body, tmp_path, random.Random(1), None)


@pytest.mark.parametrize(
    ("url", "private", "asked"),
    [
        ("http://127.0.0.1:8000", True, True), ("http://127.0.0.1:8000", False, False),
        ("http://[::1]/", False, False), ("http://10.0.0.7", False, False), ("https://1.1.1.1", False, True),
        ("ftp://1.1.1.1", True, False), ("http://", True, False), ("http://[x", True, False),
        ("http://[x", False, False), ("http://a..b", False, False), ("http://1.1.1.1:99999", False, False),
    ],
)  # fmt: skip
def test_addresses_of_the_market_do_not_lead_into_the_own_network(monkeypatch, url, private, asked):
    settings = WatcherWork(poll=5, canaries={"environment": "07" * 32, "providers": {"0xAB": "http://127.0.0.1:9"}})
    served = SimpleNamespace(environment=b"\x07" * 32, operator=OPERATOR, endpoint=url, prices=None)
    other = SimpleNamespace(environment=b"\x08" * 32, operator="0x01", endpoint="https://1.1.1.1", prices=None)
    monkeypatch.setattr("keifu.node.watcher.canary_trade.listed", lambda *_: [served, other])
    found = [item.operator for item in Sellers(None, None, 0, settings, private=private).all()]
    assert found == ["0xab", OPERATOR] if asked else ["0xab"]


# replies ------------------------------------------------------------------------------------------------------------


class Dispute:
    """Says what it is told, step by step."""

    def __init__(self, *steps, opened=None):
        self.steps, self.opened = list(steps), opened

    def open(self):
        self.opened = "opened"

    def step(self):
        found = self.steps.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def court(book, monkeypatch):
    """Judges two replies, a right one and a wrong one."""
    receipts = [SimpleNamespace(struct_hash=bytes([number]) * 32, channel_id=b"", time=1) for number in (1, 2)]
    replies = [SimpleNamespace(signed=SimpleNamespace(receipt=receipt)) for receipt in receipts]

    def judge(reply):
        place = None if reply is replies[0] else "place"
        return SimpleNamespace(reply=reply, operator=OPERATOR, place=place, words="right" if place is None else "wrong")

    made = object.__new__(Prosecuting)
    made._chain, made._suite, made._book, made._open, made.waits = SimpleNamespace(now=9), None, book, {}, {}
    made._sender, made._reading = SimpleNamespace(sender="us"), SimpleNamespace(disputes=None)
    made._store, made._judge = SimpleNamespace(replies=lambda: replies), SimpleNamespace(judge=judge)
    made.paid, made.covered, made.dispute = [], True, Dispute()
    monkeypatch.setattr(prosecuting, "Dispute", lambda *_: made.dispute)
    monkeypatch.setattr(prosecuting, "read_cover", lambda *_: None)
    monkeypatch.setattr(prosecuting, "cover_answers", lambda *_: made.covered)
    monkeypatch.setattr(prosecuting.services, "withdraw", lambda *_: made.paid.append(1))
    return made


def test_a_wrong_reply_is_played_to_its_end_and_the_right_one_left_alone(court, book):
    waiting = SimpleNamespace(is_waiting=True)
    court.dispute = Dispute(Revert("disputes: open"), waiting, Outcome(True, 5, 1))
    wrong = (b"\x02" * 32).hex()
    assert list(court.judge()) == [Found(wrong, OPERATOR, "wrong")]
    assert list(court.judge()) == []
    assert (book.counts(), court.is_busy, court.accused) == ({RIGHT: 1, OPEN: 1}, True, frozenset())
    assert list(court.step()) == []
    assert court.waits == {wrong: "reverted: disputes: open"}
    assert court.accused == {OPERATOR}
    assert list(court.step()) == []
    assert court.waits == {}
    assert list(court.step()) == [Found(wrong, OPERATOR, "convicted")]
    assert (book.counts(), court.is_busy, court.paid) == ({RIGHT: 1, OVER: 1}, False, [1])


def test_a_restart_goes_on_with_what_is_open_and_judges_nothing_twice(court, book):
    book.judge(b"\x01" * 32, OPEN, "wrong")
    book.judge(b"\x02" * 32, OVER, "convicted")
    assert list(court.judge()) == []  # the first is right after all
    assert book.counts() == {RIGHT: 1, OVER: 1}


def test_a_wrong_reply_without_a_promise_costs_no_bond(court, book):
    court.covered = False
    assert [found.words for found in (*court.judge(), *court.step())] == [
        "wrong",
        "nothing is promised for it any more",
    ]
    assert (court.dispute.opened, court.paid) == (None, [])
    assert book.counts() == {RIGHT: 1, OVER: 1}


@pytest.mark.parametrize(
    ("fault", "state", "waits"),
    [(CheckFailed("promotion 1 is not on this chain"), "", 1), (InputError("no reply that can be disputed"), OVER, 0),
     (UsageError("too long"), OVER, 0)],
)  # fmt: skip
def test_a_reply_that_cannot_be_judged_waits_or_is_left(court, book, fault, state, waits):
    def judge(reply):
        raise fault

    court._judge = SimpleNamespace(judge=judge)
    assert list(court.judge()) == []
    assert book.state(b"\x01" * 32) == state
    assert len(court.waits) == 2 * waits


# moments ------------------------------------------------------------------------------------------------------------


class Lot:
    """Draws what it is given, and the first of several."""

    def __init__(self, *times):
        self.times = list(times)

    def expovariate(self, rate):
        assert rate == 1 / 60
        return self.times.pop(0)

    def choice(self, items):
        return items[0]


def canaries(lot, now):
    made = object.__new__(Canaries)
    made._lot, made._clock, made._due = lot, lambda: now[0], {}
    made._settings = CanaryWork(every=60)
    return made


def test_no_moment_can_be_foreseen_from_the_one_before():
    """Each is drawn, that after a start included, and two that are due are asked one after the other."""
    now, other = [100.0], Provider("http://127.0.0.1:2", "0x" + "33" * 20)
    made = canaries(Lot(7, 50, 90, 1), now)
    assert made._chosen([SELLER, other]) is None
    now[0] = 106.0
    assert made._chosen([SELLER, other]) is None
    now[0] = 151.0
    assert made._chosen([SELLER, other]) is SELLER
    assert made._chosen([SELLER, other]) is other
    assert made._chosen([SELLER, other]) is None
    assert made._due == {SELLER.operator: 241.0, other.operator: 152.0}


@pytest.mark.parametrize(
    ("turn", "pause"),
    [({}, 41.0), ({"is_busy": True}, 0.5), ({"fault": "no endpoint"}, 60.0), ({"is_busy": True, "fault": "x"}, 60.0)],
)
def test_a_node_looks_when_something_is_due_and_soon_while_a_dispute_is_open(turn, pause):
    made = canaries(Lot(), [200.0])
    made._due = {OPERATOR: 241.0}
    assert made._pause(SimpleNamespace(**{"is_busy": False, "fault": "", **turn})) == pause


class Round:
    """A trade of one seller, with or without a dispute."""

    def __init__(self, *, is_busy=False, fault=None):
        self.is_busy, self.fault, self.bought, self.waits = is_busy, fault, [], {}
        self.judge = self.step = lambda: []
        self.prosecuting = self.buying = self
        self.book = SimpleNamespace(counts=dict)

    def providers(self):
        return [SELLER]

    def buy(self, provider):
        self.bought.append(provider)
        if self.fault:
            raise self.fault

    def spent(self):
        return 7


@pytest.mark.parametrize(("is_busy", "bought"), [(False, [SELLER]), (True, [])])
def test_nothing_is_bought_while_a_dispute_has_deadlines(is_busy, bought):
    made = canaries(Lot(0, 60), [0.0])
    made._trade = Round(is_busy=is_busy)
    done = made._turn()
    assert (made._trade.bought, done.spent, done.fault) == (bought, 7, "")


@pytest.mark.parametrize(
    ("fault", "words"),
    [(CheckFailed("no answer"), "no answer"), (ValueError("what is that"), "ValueError: what is that")],
)
def test_no_seller_ends_the_rounds_about_heartbeats(fault, words):
    made = canaries(Lot(0, 60), [0.0])
    made._trade = Round(fault=fault)
    assert made._turn().fault.startswith(words)


def test_who_is_in_a_dispute_is_not_asked(court):
    court._open = {b"\x02" * 32: (Dispute(opened="opened"), SimpleNamespace(operator=OPERATOR.upper()))}
    other = Provider("http://127.0.0.1:2", "0x" + "33" * 20)
    trade = Trade("", None, court, None, SimpleNamespace(all=lambda: iter([SELLER, other])))
    assert list(trade.providers()) == [other]
