"""An answer is shown as re-executed while a promise stands that is about it, and under no stronger word otherwise."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.compute.client.checks import Check, Exchange, Expected, check_reply, shown
from keifu.compute.client.onchain import OnChain
from keifu.compute.client.reexecuted import Promised, of_receipt
from keifu.compute.client.sources import Pinned
from keifu.compute.client.store import Store
from keifu.compute.receipt import Evidence, Receipt, Receipts, SignedReceipt
from keifu.keys import Account
from keifu.payments.channel import Channel
from keifu.payments.wallet import KeptChannel
from keifu.provenance.trust import Market
from keifu.reexecution.reading import MATURITY, Reading

OPERATOR, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
CHANNEL, DIGEST, NOTHING = b"\3" * 32, b"\4" * 32, bytes(32)
TIME = 1_000_000
RECEIPT = Receipt(
    CHANNEL, 1, NOTHING, 0, DIGEST, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, 1, 1, 1, 1, Evidence.REEXECUTED, TIME
)
PROMISED = Promised(5, OPERATOR, CHANNEL, DIGEST, TIME, TIME, stands=True)
KEY = Account.from_role("key of receipts")
PAID = Channel(OTHER, OTHER, OPERATOR, OTHER, OTHER, 900, NOTHING)
EXPECTED = Expected(1, OTHER, OPERATOR, promised=PROMISED)


def exchange(request=b"r", response=b"a", **changes):
    return Exchange(request, response, SignedReceipt(replace(RECEIPT, **changes), (), b""))


def evidence_of(given, expected):
    found = check_reply(given, expected, Pinned(Market(OTHER, OTHER, {}, {})))
    return next(finding for finding in found if finding.check == Check.EVIDENCE)


def test_it_is_shown_while_a_promise_stands_about_it():
    assert shown(exchange(), EXPECTED) is Evidence.REEXECUTED
    finding = evidence_of(exchange(), EXPECTED)
    assert (finding.ok, finding.detail.partition(":")[0]) == (True, "re-executed")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operator": OTHER}, "no promise"),
        ({"channel": b"\5" * 32}, "no promise"),
        ({"digest": b"\5" * 32}, "no promise"),
        ({"since": TIME + 1, "last": TIME + 9}, "no promise"),
        ({"since": 0}, "no promise"),
        ({"since": 1, "last": TIME - 1}, "no promise"),
        ({"stands": False}, "promise 5 is over"),
        ({"has_panel": False}, "the pool of promise 5 has too few slots"),
    ],
)
def test_any_other_promise_leaves_it_unverified(changes, words):
    expected = replace(EXPECTED, promised=replace(PROMISED, **changes))
    assert shown(exchange(), expected) is Evidence.UNVERIFIED
    finding = evidence_of(exchange(), expected)
    assert finding.ok
    assert finding.detail.startswith("unverified: it says re-executed, but ")
    assert words in finding.detail


def test_without_a_promise_it_is_unverified():
    assert shown(exchange(), replace(EXPECTED, promised=None)) is Evidence.UNVERIFIED


@pytest.mark.parametrize("long", ["request", "response"])
def test_what_no_panel_is_shown_is_unverified(long):
    assert shown(exchange(**{long: b"x" * 2_048}), EXPECTED) is Evidence.REEXECUTED
    assert shown(exchange(**{long: b"x" * 2_049}), EXPECTED) is Evidence.UNVERIFIED


@pytest.mark.parametrize("empty", ["request", "response"])
def test_what_has_no_bytes_to_show_is_unverified(empty):
    """The contract takes no bytes for bytes in storage, and nobody opens a demand about those here."""
    assert shown(exchange(**{empty: b""}), EXPECTED) is Evidence.UNVERIFIED


@pytest.mark.parametrize("claimed", [Evidence.UNVERIFIED, Evidence.ATTESTED, Evidence.PROVED])
def test_a_promise_makes_no_other_kind_stronger(claimed):
    if claimed is Evidence.ATTESTED:
        return  # its word stands in the TEE's own header, which is not here
    assert shown(exchange(evidence=claimed), EXPECTED) is Evidence.UNVERIFIED


def test_the_promise_is_that_of_the_receipt():
    other = replace(PROMISED, number=6, digest=b"\5" * 32)
    assert of_receipt([None, other, PROMISED], RECEIPT, OPERATOR.upper().replace("X", "x")) == PROMISED
    assert of_receipt([None, other], RECEIPT, OPERATOR) is None


def test_a_receipt_that_names_no_model_is_refused():
    finding = evidence_of(exchange(digest=NOTHING), EXPECTED)
    assert (finding.ok, finding.detail) == (False, "re-executed, but it names no model that anybody could run")
    assert shown(exchange(digest=NOTHING), EXPECTED) is Evidence.UNVERIFIED


def test_one_that_stands_comes_before_one_that_is_over():
    """A promise pays once; an older one about the same answers goes on."""
    over = replace(PROMISED, number=7, stands=False)
    emptied = replace(PROMISED, number=6, has_panel=False)
    assert of_receipt([over, None, emptied, PROMISED], RECEIPT, OPERATOR) == PROMISED
    assert of_receipt([over, None], RECEIPT, OPERATOR) == over


def panel_of(slots, now):
    """Whether the chain's promise has one, by a contract with these slots."""
    terms = (DIGEST, b"\5" * 32, 3, 2, 1, 800, 0, TIME)
    contract = SimpleNamespace(
        promise_count=lambda: 5, promise=lambda _: (OPERATOR, OTHER, CHANNEL, terms, TIME, now, 1, 0, False),
        slot_count=lambda _: len(slots), slot=lambda _, place: slots[place],
    )  # fmt: skip
    reading = Reading.__new__(Reading)
    reading.client, reading.contract = SimpleNamespace(now=now), contract
    return OnChain(None, None, None, reexecution=reading).promise(5)


def test_a_pool_that_was_left_judges_nothing():
    members = [(f"0x{place:040x}", TIME, 0, 0, 0) for place in range(1, 4)]
    ripe = TIME + MATURITY
    assert panel_of(members, ripe).has_panel
    gone = (members[2][0], TIME, ripe, 0, 0)
    for third in ([], [(OPERATOR, TIME, 0, 0, 0)], [(OTHER, TIME, 0, 0, 0)], [gone], [(ZERO_ADDRESS, 0, 0, 0, 0)]):
        others = members[:2] + third
        found = panel_of(others, ripe)
        assert (found.stands, found.has_panel) == (True, False)
    assert not panel_of(members, ripe - 1).has_panel


def test_a_folder_keeps_what_a_panel_is_shown_and_nothing_longer(tmp_path):
    """A provider that names the kind fills no client's disk."""
    bodies = [(b"r" * 2_048, b"a" * 2_048), (b"r", b"a" * 2_049), (b"r", b"")]
    with Store(tmp_path / "client") as store:
        store.keep_channel(KeptChannel(PAID, CHANNEL, 1, OTHER))
        receipts = [replace(RECEIPT, number=number) for number, _ in enumerate(bodies, 1)]
        for (request, response), signed in zip(bodies, Receipts(1, OTHER).sign(KEY, receipts), strict=True):
            asked, _ = store.begin(CHANNEL, 1, "", "http://p", "m", TIME, request)
            store.answered(asked, signed, 1, response)
        assert [(item.request, item.response) for item in store.again()] == bodies[:1]


def test_its_word_is_written_with_a_hyphen():
    assert [kind.word for kind in Evidence] == ["unverified", "attested", "re-executed", "proved"]
