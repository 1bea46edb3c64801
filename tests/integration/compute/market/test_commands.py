"""`keifu compute` on a real chain: what an operator promises, what a client is owed, and orders, by commands alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ethwire.commands import exit_status
from keifu.cli.root import cli
from keifu.compute.client.store import Store
from keifu.compute.market.results import order_channel
from keifu.compute.promises import needed_for
from keifu.compute.receipt import Evidence, Receipt
from keifu.compute.wire import text_of, unpack
from keifu.keys import Account, keccak256
from keifu.local.suite import warp
from keifu.payments import actions as payments
from keifu.units import COIN, DAY
from tests.integration.compute.conftest import PaidNode
from tests.integration.compute.market.conftest import LOCKED, Promised

NOTHING = bytes(32)
RESTITUTION, PRICE = 20, 1  # coins
PAID = 5_000  # of a channel, in the token's smallest unit
REQUEST, RESPONSE = b'{"model": "words"}', b'{"answer": "none"}'
Run = Callable[..., Any]


@pytest.fixture
def run(paid: Promised, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command as a role; what it prints as JSON, or its complaint."""
    monkeypatch.setenv("KEIFU_RPC", paid.anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(paid.folder / "deployments"))
    monkeypatch.setenv("KEIFU_CLIENT", str(tmp_path / "client"))

    def call(role: str, *args: Any, status: int = 0, text: bool = False) -> Any:
        signer = ["--role", role] if role else []
        form = [] if text else ["--json"]
        found = exit_status(cli, ["compute", *map(str, args), *signer, *form], program="keifu")
        said = capsys.readouterr()
        assert found == status, said
        if status and not said.out:
            assert said.err.count("\n") == 1, said.err
            return said.err
        return said.out if text else json.loads(said.out)

    return call


@pytest.fixture
def operator(paid: Promised, request: pytest.FixtureRequest) -> Account:
    """With coins behind the market, under a role of its own for each test."""
    return paid.lock(role_of(request))


@pytest.fixture
def role(request: pytest.FixtureRequest) -> str:
    return role_of(request)


def role_of(request: pytest.FixtureRequest) -> str:
    return f"operator of {request.node.name}"


@pytest.fixture
def channel(paid: Promised, operator: Account) -> bytes:
    """A channel to the operator, from which something was claimed."""
    config = replace(paid.channel(PaidNode(paid, Path(), operator.address)), salt=keccak256(operator.address.encode()))
    channel_id = paid.deposit(config, COIN)
    signature = paid.vouchers.sign(paid.payer, channel_id, PAID)
    payments.claim(paid.by(operator), paid.suite, [payments.Claim(config, PAID, signature, PAID)])
    return channel_id


@pytest.fixture
def covered(run: Run, role: str, operator: Account, channel: bytes, tmp_path: Path) -> bytes:
    cap(run, role, operator)
    signed = ("--restitution", RESTITUTION, "--price", PRICE, "--out", tmp_path / "cover.json")
    run(role, "sign-cover", channel.hex(), *signed)
    opened = ("--restitution", RESTITUTION, "--most", PRICE, "--signed", tmp_path / "cover.json")
    found = run("payer", "cover", channel.hex(), "--operator", operator.address, *opened)
    assert found["restitution"] == str(RESTITUTION * COIN)
    return channel


def cap(run: Run, role: str, operator: Account) -> None:
    done = exit_status(cli, ["keys", "cap", operator.address, "100", "--role", role], program="keifu")
    assert done == 0
    run("", "show", "--of", operator.address, text=True)  # what the other command printed is not the next one's


def receipt(paid: Promised, channel_id: bytes, **changes: Any) -> Receipt:
    true = Receipt(
        channel_id, 1, NOTHING, 0, NOTHING, keccak256(REQUEST), keccak256(RESPONSE), NOTHING, NOTHING, NOTHING, 1, 1,
        10, 10, Evidence.UNVERIFIED, paid.client.now,
    )  # fmt: skip
    return replace(true, **changes)


def kept(paid: Promised, path: Path, key: Account, said: Receipt) -> Path:
    """A file with a receipt's text."""
    [signed] = paid.receipts.sign(key, [said])
    path.write_text(text_of(signed) + "\n")
    return path


# operators -----------------------------------------------------------------------------------------------------------


def test_a_service_is_promised_repriced_shown_and_ended(paid: Promised, run: Run, role: str, operator: Account) -> None:
    served = run(role, "serve", "--endpoint", "https://one.example", "--request", 10, "--million-in", 7)
    assert served["reserve"] == str(225 * COIN)
    announced = run(role, "prices", "--request", 20)
    assert (announced["offer"]["request"], announced["offer"]["input_units"]) == ("20", "7")
    [service] = run("", "show", "--of", operator.address)["services"]
    assert [item["request"] for item in service["offers"]] == ["10", "20"]
    assert service["endpoint"] == "https://one.example"
    said = run("", "show", "--of", operator.address, text=True)
    assert "2,000 coins locked, 225 reserved, 0 credited" in said
    assert "10 a request, 7 a million units in, 0 out" in said
    assert "20 a request" in said.splitlines()[-1]
    assert "offer is under notice (the offer that was announced counts first" in run(
        role, "prices", "--request", 30, status=1
    )
    ended = run(role, "end")
    assert ended["last"] < service["last"]
    assert "still open to claims (wait until the evidence window" in run(
        role, "settle", "--environment", NOTHING.hex(), status=1
    )
    assert "no environment: not served now" in run("", "show", "--of", operator.address, text=True)


def test_coins_are_locked_and_taken_back(paid: Promised, run: Run, role: str, operator: Account) -> None:
    paid.token.transfer(operator, 10 * COIN, sender=paid.deployer.account)
    assert run(role, "lock", 10)["locked"] == str(LOCKED + 10 * COIN)
    assert run(role, "unlock", 10)["locked"] == str(LOCKED)
    assert run(role, "withdraw") == {"paid": "0", "receiver": operator.address.lower()}
    assert "coins" in run(role, "lock", 10**9, status=1)


def test_what_an_operator_cannot_mean_is_refused(run: Run, role: str, operator: Account) -> None:
    assert "no price is named" in run(role, "prices", status=2)
    assert "serves no such environment" in run(role, "prices", "--request", 1, status=2)
    assert "no promise is named" in run(role, "settle", status=2)
    assert "compute: no service (" in run(role, "end", status=1)
    assert "not bound by heartbeats (bind the environment" in run(
        role, "serve", "--endpoint", "x", "--environment", "11" * 32, status=1
    )
    assert "bad last day (choose a last second" in run(role, "serve", "--endpoint", "x", "--for", "2 years", status=1)


# covers and reports --------------------------------------------------------------------------------------------------


def test_a_cover_is_shown_and_released_by_its_payer(run: Run, operator: Account, covered: bytes) -> None:
    where = (covered.hex(), "--operator", operator.address)
    assert run("", "covered", *where)["reserve"] == str(needed_for(RESTITUTION * COIN))
    assert "compute: not the payer (" in run("deployer", "release", *where, status=1)
    run("payer", "release", *where)
    assert run("", "covered", *where, status=1)["reserve"] == "0"


def test_a_node_signs_the_cover_that_a_client_asks_for(
    paid: Promised, provide: Callable[..., PaidNode], run: Run
) -> None:
    node = provide("covering provider")
    _, channel_id = paid.paid_for(node, 4)
    asked = ("cover", channel_id.hex(), "--operator", node.account, "--provider", node.url)
    found = run("payer", *asked, "--restitution", RESTITUTION, "--most", PRICE)
    assert (found["restitution"], found["payer"]) == (str(RESTITUTION * COIN), paid.payer.address.lower())
    refused = run("payer", *asked, "--restitution", RESTITUTION + 1, "--most", PRICE, status=3)
    assert "the channel is covered with 20 coins: ask for the same (" in refused
    assert "the channel's authorizer did not sign" in run(
        "deployer", *asked, "--restitution", RESTITUTION, "--most", PRICE, status=3
    )


def test_another_cover_than_was_wanted_is_not_opened(
    paid: Promised, run: Run, role: str, operator: Account, channel: bytes, tmp_path: Path
) -> None:
    cap(run, role, operator)
    run(role, "sign-cover", channel.hex(), "--restitution", 5, "--price", 2, "--out", tmp_path / "cover.json")
    asked = ("cover", channel.hex(), "--operator", operator.address)
    signed = ("--signed", tmp_path / "cover.json")
    refused = run("payer", *asked, "--restitution", 5, "--most", 1, *signed, status=1)
    assert "it costs 2 coins, at most 1 were agreed to (nothing was paid" in refused
    assert "pays 5 coins" in run("payer", *asked, "--restitution", 6, "--most", 2, *signed, status=1)
    other = ("cover", channel.hex(), "--operator", paid.payer.address)
    assert f"asked was {paid.payer.address.lower()}" in run(
        "payer", *other, "--restitution", 5, "--most", 2, *signed, status=1
    )
    assert "give one of them" in run("payer", *asked, "--restitution", 5, "--most", 2, status=2)
    tmp_path.joinpath("cover.json").write_text("{}")
    assert "is no signed cover" in run("payer", *asked, "--restitution", 5, "--most", 2, *signed, status=2)
    unknown = ("cover", "11" * 32, "--operator", operator.address, "--restitution", 5, "--most", 2)
    assert "no channel 1111" in run("payer", *unknown, "--provider", "http://127.0.0.1:9", status=2)
    assert "signs no receipts for" in run(
        role, "sign-cover", channel.hex(), "--restitution", 5, "--operator", paid.payer.address, status=2
    )


def test_two_receipts_of_one_number_pay_the_client_and_who_shows_them(
    paid: Promised, run: Run, operator: Account, covered: bytes, tmp_path: Path
) -> None:
    warp(paid.client, 10)
    first = kept(paid, tmp_path / "first", operator, receipt(paid, covered))
    second = kept(paid, tmp_path / "second", operator, receipt(paid, covered, fee=20))
    assert "none of 2 receipts costs its operator anything" in run("deployer", "report", first, first, status=1)
    assert "none of 0 receipts" in run("deployer", "report", "--folder", client_of(tmp_path), status=1)
    [shown] = run("deployer", "report", first, second)
    assert shown["what"] == f"two receipts have number 1 of channel {covered.hex()}"
    assert int(shown["credited"]) >= RESTITUTION * COIN // 10
    before = paid.token.balanceOf(paid.payer)
    assert run("payer", "withdraw")["paid"] == str(RESTITUTION * COIN)
    assert paid.token.balanceOf(paid.payer) - before == RESTITUTION * COIN
    assert "no promise answers for their time" in run("deployer", "report", first, second, status=1)


def client_of(folder: Path) -> Path:
    """A client that has kept nothing."""
    with Store(folder / "empty"):
        return folder / "empty"


def test_what_is_no_breach_is_not_sent(
    paid: Promised, run: Run, operator: Account, channel: bytes, tmp_path: Path
) -> None:
    path = kept(paid, tmp_path / "one", operator, receipt(paid, channel, environment=b"\1" * 32, promotion_seq=3))
    head = paid.client.rpc.block_number()
    assert "none of 1 receipts costs its operator anything" in run("deployer", "report", path, status=1)
    (tmp_path / "none").write_text("nothing\n")
    assert "this is no receipt" in run("deployer", "report", tmp_path / "none", status=2)
    (tmp_path / "void").write_text("")
    assert "is empty" in run("deployer", "report", tmp_path / "void", status=2)
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert "it is no text" in run("deployer", "report", tmp_path / "bytes", status=2)
    assert paid.client.rpc.block_number() == head


# demands -------------------------------------------------------------------------------------------------------------


def test_a_demand_is_answered_on_the_chain(
    paid: Promised, run: Run, role: str, operator: Account, covered: bytes, tmp_path: Path
) -> None:
    (tmp_path / "request").write_bytes(REQUEST)
    (tmp_path / "response").write_bytes(RESPONSE)
    where = (covered.hex(), "--operator", operator.address)
    assert "has answered no demand" in run("", "answered", *where, status=1)
    assert "fee was not paid (a demand names what was claimed" in run(
        "payer", "demand", *where, "--request", tmp_path / "request", "--fee", PAID + 1, status=1
    )
    run("payer", "demand", *where, "--request", tmp_path / "request", "--fee", PAID)
    [waiting] = run("", "demands", "--operator", operator.address)
    assert waiting["request"] == REQUEST.decode()
    assert covered.hex() in run("", "demands", "--channel", covered.hex(), text=True)
    alone = ("demand", *where, "--fee", 1)
    assert "give both, or none of them" in run("payer", *alone, status=2)
    assert "none of this client's" in run("payer", "demand", *where, "--folder", client_of(tmp_path), status=2)
    assert "no answer is overdue (wait until" in run("payer", "close", *where, status=1)
    false = kept(paid, tmp_path / "receipt", operator, receipt(paid, covered, request_hash=NOTHING))
    assert "not the answer (" in run(role, "answer", false, tmp_path / "response", status=1)
    true = kept(paid, tmp_path / "receipt", operator, receipt(paid, covered))
    assert run(role, "answer", true, tmp_path / "response")["number"] == 1
    run("", "answered", *where, "--out", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == RESPONSE
    assert run("", "answered", *where)["answer"] == RESPONSE.decode()
    assert int(run(role, "withdraw")["paid"]) == paid.market.bond()
    (tmp_path / "request").write_bytes(b"x" * 2_049)
    assert "is too large for a request" in run(
        "payer", "demand", *where, "--request", tmp_path / "request", "--fee", 1, status=2
    )


def test_what_is_not_answered_is_closed_and_pays_the_fee_back(
    paid: Promised, run: Run, operator: Account, covered: bytes, tmp_path: Path
) -> None:
    (tmp_path / "request").write_bytes(REQUEST)
    where = (covered.hex(), "--operator", operator.address)
    run("payer", "demand", *where, "--request", tmp_path / "request", "--fee", PAID)
    warp(paid.client, paid.market.answer_window() + 1)
    assert run("payer", "close", *where)["refund"] == str(PAID)
    assert run("payer", "withdraw")["paid"] == str(paid.market.bond() + PAID)
    assert "nobody waits" in run("", "demands", "--operator", operator.address, text=True)


# orders --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Files of three requests and their answers, and where results go."""
    requests, answers = tmp_path / "requests.jsonl", tmp_path / "answers.jsonl"
    requests.write_text("".join(f'{{"input": {number}}}\n' for number in range(3)))
    answers.write_text("".join(f'{{"label": {number}}}\n' for number in range(3)))
    return requests, answers, tmp_path / "results.txt"


def test_an_order_is_answered_asked_for_and_paid(
    paid: Promised, run: Run, role: str, operator: Account, lines: tuple[Path, Path, Path]
) -> None:
    requests, answers, results = lines
    run(role, "serve", "--endpoint", "x")
    warp(paid.client, 1)
    placed = run("payer", "order", "place", requests, "--to", operator.address, "--fee", 3, "--within", "2 days")
    order = placed["order"]
    assert run(role, "order", "accept", order)["state"] == "accepted"
    assert "order is accepted" in run("payer", "order", "cancel", order, status=1)
    assert run(role, "order", "sign", order, requests, answers, "--out", results)["receipts"] == 3
    first = unpack(results.read_text().split()[0]).receipt
    orders = paid.suite["ComputeOrders"]
    assert (first.channel_id, first.number) == (order_channel(paid.client.chain_id, orders, order), 1)
    assert run(role, "order", "submit", order, results)["state"] == "submitted"
    run("payer", "order", "demand", order, 2, requests)
    assert "answer 2 is due by" in run("", "order", "show", order, text=True)
    assert "may still ask" in run(role, "order", "complete", order, status=1)
    run(role, "order", "answer", order, 2, answers, results)
    assert run("", "order", "show", order)["asked"] == []
    warp(paid.client, paid.market.answer_window() + 1)
    assert run(role, "order", "complete", order)["state"] == "over"
    assert "order is over (" in run("payer", "order", "refund", order, status=1)
    assert [item["state"] for item in run("", "order", "list", "--to", operator.address)] == ["over"]
    assert "over" in run("", "order", "list", "--client", paid.payer.address, text=True)


def test_an_order_is_taken_back_returned_or_closed(
    paid: Promised, run: Run, role: str, operator: Account, lines: tuple[Path, Path, Path]
) -> None:
    requests, answers, results = lines
    run(role, "serve", "--endpoint", "x")
    warp(paid.client, 1)
    place = ("order", "place", requests, "--to", operator.address, "--fee", 3, "--within", "1 day")
    numbers = [run("payer", *place)["order"] for _ in range(3)]
    assert run("payer", "order", "cancel", numbers[0])["over"]
    assert "results may still come" in run("payer", "order", "refund", numbers[1], status=1)
    run(role, "order", "accept", numbers[2])
    run(role, "order", "sign", numbers[2], requests, answers, "--out", results)
    run(role, "order", "submit", numbers[2], results)
    run("payer", "order", "demand", numbers[2], 0, requests)
    warp(paid.client, DAY + paid.market.answer_window() + 1)
    assert run("payer", "order", "refund", numbers[1])["state"] == "over"
    assert run("payer", "order", "close", numbers[2], 0)["state"] == "over"
    bond = paid.suite.at(paid.client, "ComputeOrders").bond()
    assert run("payer", "withdraw")["paid"] == str(3 * 3 * COIN + bond)


def test_files_that_are_not_of_an_order_are_refused(
    paid: Promised, run: Run, role: str, operator: Account, lines: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    requests, answers, results = lines
    run(role, "serve", "--endpoint", "x")
    warp(paid.client, 1)
    place = ("order", "place", requests, "--to", operator.address, "--fee", 3, "--within", "1 day")
    order = run("payer", *place)["order"]
    sign = ("order", "sign", order)
    assert f"not the 3 requests of order {order} (" in run(role, *sign, answers, answers, "--out", results, status=1)
    unsigned = run(role, *sign, requests, answers, "--out", results, status=1)
    assert f"order {order} is not accepted (accept the order first)" in unsigned
    run(role, "order", "accept", order)
    short = tmp_path / "short"
    short.write_text('{"label": 0}\n')
    assert "1 answers to 3 requests" in run(role, *sign, requests, short, "--out", results, status=2)
    run(role, *sign, requests, answers, "--out", results)
    some = tmp_path / "some"
    some.write_text(results.read_text().splitlines()[0])
    assert "has 1 receipts of 3" in run(role, "order", "submit", order, some, status=1)
    lines_of = results.read_text().splitlines()
    some.write_text("\n".join([*lines_of[1:], lines_of[1]]))
    assert "are not one batch (keifu compute order sign)" in run(role, "order", "submit", order, some, status=2)
    assert "has 3 requests (0 to 2)" in run("payer", "order", "demand", order, 3, requests, status=1)
    assert "no answer 3 in both files" in run(role, "order", "answer", order, 3, answers, results, status=1)
    short.write_text("\n\n")
    assert "has an empty line" in run("payer", *place[:2], short, *place[3:], status=2)
    assert "there is no order 99" in run("", "order", "show", 99, status=2)
