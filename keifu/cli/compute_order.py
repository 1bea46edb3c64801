"""`keifu compute order`: many answers for one fee, which the chain holds. The work is done in keifu/compute/market."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._market import SUITE, bytes_of, environment_option, provenance_of, receipts_of
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, COINS, DURATION, IN_FILE, OUT_PATH
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import CheckFailed, InputError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.abi import Contract
    from keifu.chain import Deployment
    from keifu.cli.session import RpcSession, Session
    from keifu.compute.market import Order
    from keifu.compute.market.results import Promoted

__all__ = ["cli"]

ORDERS = "ComputeOrders"
NUMBER = click.IntRange(0)
PATIENCE_SECONDS = 60.0

cli = Noun(
    "order",
    help="Place, take, answer and end orders of many answers. Requests and answers are files, one a line.",
    example="keifu compute order list",
)


@cli.verb(
    "place",
    example="keifu compute order place requests.jsonl --to 0x… --fee 10 --within '2 days' --role client",
    access=Access.SEND,
)
@click.argument("requests", type=IN_FILE)
@click.option("--to", "provider", type=ADDRESS, required=True, help="Operator that is to answer.")
@environment_option
@click.option("--fee", type=COINS, required=True, help="Coins for all answers, held until they are there.")
@click.option("--within", "seconds", type=DURATION, required=True, help="Until when the results have to be there.")
@json_option
def place(
    session: Session, requests: Path, provider: str, environment: bytes, fee: int, seconds: int, json_out: bool
) -> None:
    """Order the answers to the lines of REQUESTS, and bring the fee. The chain has their root alone: hand them to the
    provider's node by `order fetch`."""
    from keifu.compute.market import orders as market

    lines = _lines(requests)
    root, deadline = market.request_tree(lines).root, session.client.now + seconds
    number = market.place(
        session.deployer, _suite(session), provider, environment, root, len(lines), fee=fee, deadline=deadline
    )
    facts = {"order": number, "requests": root.hex(), "count": len(lines), "deadline": deadline}
    said = f"order {number}: {len(lines)} answers by {day(deadline)}, {coins(fee)} coins are held for them"
    emit(facts, said, json_out)


@cli.verb(
    "fetch",
    example="keifu compute order fetch 0 requests.jsonl --provider https://answers.example --out answers.jsonl"
    " --role client",
    access=Access.SEND,
)
@click.argument("order", type=NUMBER)
@click.argument("requests", type=IN_FILE)
@click.option("--provider", "url", required=True, help="Address of the provider's node.")
@click.option("--out", type=OUT_PATH, required=True, help="File to write: an answer a line.")
@click.option("--receipts", type=OUT_PATH, help="File to write: the receipt of each answer, signed.")
@json_option
def fetch(
    session: Session, order: int, requests: Path, url: str, out: Path, receipts: Path | None, json_out: bool
) -> None:
    """Hand the lines of REQUESTS to the provider's node, or fetch the answers when their root stands on the chain.
    Until then it says how far the order is, with exit status 1. Answers and receipts are compared with the chain. You
    sign as the order's client, so that nobody else gets them; nothing is sent to the chain."""
    import httpx

    from keifu.compute.client.ordering import Asker
    from keifu.compute.client.ordering import fetch as fetch_order
    from keifu.compute.market import read_order
    from keifu.compute.wire import text_of

    found, now = read_order(_orders(session), order), session.client.now
    asker = Asker(session.client.chain_id, _suite(session)[ORDERS], session.sign)
    with httpx.Client(timeout=PATIENCE_SECONDS) as http:
        fetched = fetch_order(http, url, found, _lines(requests), asker, now)
    if not fetched.answers:
        said = f"order {order} is {fetched.state}" + (f": {fetched.why}" if fetched.why else "")
        raise CheckFailed(said, remedy="ask again: its answers come when their root stands on the chain")
    out.write_bytes(b"".join(answer + b"\n" for answer in fetched.answers))
    if receipts is not None:
        receipts.write_text("".join(f"{text_of(item)}\n" for item in fetched.receipts))
    facts = {"order": order, "state": fetched.state, "file": str(out), "answers": len(fetched.answers)}
    emit(facts, f"{out}: {len(fetched.answers)} answers", json_out)


@cli.verb("list", example="keifu compute order list --to 0x…", access=Access.READ)
@click.option("--client", "of", type=ADDRESS, help="Of this client alone.")
@click.option("--to", "provider", type=ADDRESS, help="To this provider alone.")
@json_option
def list_(session: Session, of: str | None, provider: str | None, json_out: bool) -> None:
    """List orders and where each stands, oldest first."""
    from keifu.compute.market.orders import orders_of

    handle, now = _orders(session), session.client.now
    found = orders_of(
        session.client, handle, session.record.first_block, client_account=of or "", provider=provider or ""
    )
    if json_out:
        emit([{**item.data(), "state": item.state(now)} for item in found], "", json_out)
        return
    rows = [
        (str(item.number), item.client, item.provider, str(item.count), coins(item.fee), day(item.deadline),
         item.state(now))
        for item in found
    ]  # fmt: skip
    table(("order", "client", "provider", "answers", "fee", "until", "state"), rows, empty="no order was placed")


@cli.verb("show", example="keifu compute order show 0", access=Access.READ)
@click.argument("order", type=NUMBER)
@json_option
def show(session: Session, order: int, json_out: bool) -> None:
    """Show an order, and the answers of it that are asked for on the chain."""
    from keifu.compute.market import read_order
    from keifu.compute.market.orders import demands_of

    handle, now = _orders(session), session.client.now
    found = read_order(handle, order)
    asked = demands_of(session.client, handle, order, session.record.first_block)
    lines = [
        f"order {order}: {found.state(now)}",
        f"{found.count} answers by {found.provider} for {found.client}, {coins(found.fee)} coins",
        f"results until {day(found.deadline)}" if not found.until else f"the client may ask until {day(found.until)}",
        *(f"answer {item.index} is due by {day(item.deadline)}" for item in asked),
    ]
    demands = [{"index": item.index, "due": item.deadline} for item in asked]
    emit({**found.data(), "state": found.state(now), "asked": demands}, "\n".join(lines), json_out)


@cli.verb("accept", example="keifu compute order accept 0 --role operator", access=Access.SEND)
@click.argument("order", type=NUMBER)
@json_option
def accept(session: Session, order: int, json_out: bool) -> None:
    """Take an order, as its provider: you serve its environment until its deadline."""
    from keifu.compute.market import orders as market

    market.accept(session.deployer, _suite(session), order)
    _say(session, order, json_out)


@cli.verb(
    "sign",
    example="keifu compute order sign 0 requests.jsonl answers.jsonl --out results.txt --key-file receipts.json",
    access=Access.SEND,
)
@click.argument("order", type=NUMBER)
@click.argument("requests", type=IN_FILE)
@click.argument("answers", type=IN_FILE)
@click.option("--out", type=OUT_PATH, required=True, help="File to write: a receipt a line.")
@json_option
def sign(session: RpcSession, order: int, requests: Path, answers: Path, out: Path, json_out: bool) -> None:
    """Sign receipts of an order's answers with your receipt key, in the order of the requests. Nothing is sent."""
    from keifu.chain.suite import COMPUTE
    from keifu.compute.market.orders import open_order
    from keifu.compute.market.results import order_channel, require_requests, sign_results
    from keifu.compute.receipt import Receipts
    from keifu.compute.wire import text_of

    asked, given = _lines(requests), _lines(answers)
    suite = _suite(session)
    found = open_order(_orders(session), order)
    require_requests(found, asked)
    receipts = Receipts(session.client.chain_id, suite[COMPUTE])
    channel = order_channel(session.client.chain_id, suite[ORDERS], order)
    signed = sign_results(
        receipts, session.account, channel, found, list(zip(asked, given, strict=False)),
        promoted=_promoted(session, found.environment), time=session.client.now,
    )  # fmt: skip
    out.write_text("".join(f"{text_of(item)}\n" for item in signed))
    emit({"file": str(out), "receipts": len(signed)}, f"{out}: {len(signed)} receipts", json_out)


@cli.verb("submit", example="keifu compute order submit 0 results.txt --role operator", access=Access.SEND)
@click.argument("order", type=NUMBER)
@click.argument("results", type=IN_FILE)
@json_option
def submit(session: Session, order: int, results: Path, json_out: bool) -> None:
    """Hand in the root over the receipts in RESULTS and their signature, as the provider. Give answers and receipts to
    the client yourself; what it asks for within the window is opened on the chain."""
    from keifu.compute.market import orders as market

    signed, count = receipts_of(results), market.open_order(_orders(session), order).count
    if len(signed) != count:
        raise CheckFailed(f"{results} has {len(signed)} receipts of {count}", remedy="keifu compute order sign")
    market.submit(session.deployer, _suite(session), order, signed)
    _say(session, order, json_out)


@cli.verb("demand", example="keifu compute order demand 0 3 requests.jsonl --role client", access=Access.SEND)
@click.argument("order", type=NUMBER)
@click.argument("index", type=NUMBER)
@click.argument("requests", type=IN_FILE)
@json_option
def demand(session: Session, order: int, index: int, requests: Path, json_out: bool) -> None:
    """Have answer INDEX of an order opened on the chain, as its client, with a bond. Requests are counted from 0."""
    from keifu.compute.market import orders as market
    from keifu.compute.market.results import require_requests

    lines = _lines(requests)
    require_requests(market.open_order(_orders(session), order), lines)
    if index >= len(lines):
        raise CheckFailed(f"order {order} has {len(lines)} requests", remedy=f"0 to {len(lines) - 1}")
    proof = market.request_tree(lines).proof(index)
    due = market.demand(session.deployer, _suite(session), order, index, lines[index], proof)
    emit({"order": order, "index": index, "due": due}, f"answer {index} is due by {day(due)}", json_out)


@cli.verb("answer", example="keifu compute order answer 0 3 answers.jsonl results.txt --role operator",
          access=Access.SEND)  # fmt: skip
@click.argument("order", type=NUMBER)
@click.argument("index", type=NUMBER)
@click.argument("answers", type=IN_FILE)
@click.argument("results", type=IN_FILE)
@json_option
def answer(session: Session, order: int, index: int, answers: Path, results: Path, json_out: bool) -> None:
    """Open answer INDEX of an order on the chain: its line of ANSWERS, and its receipt of RESULTS. The bond is the
    provider's, whoever sends."""
    from keifu.compute.market import orders as market

    lines, receipts = _lines(answers), [item.receipt for item in receipts_of(results)]
    if index >= min(len(lines), len(receipts)):
        raise CheckFailed(f"there is no answer {index} in both files", remedy="answers are counted from 0")
    proof = market.result_tree(receipts).proof(index)
    market.answer(session.deployer, _suite(session), order, index, lines[index], receipts[index], proof)
    emit({"order": order, "index": index}, f"answer {index} of order {order} was opened", json_out)


@cli.verb("cancel", example="keifu compute order cancel 0 --role client", access=Access.SEND)
@click.argument("order", type=NUMBER)
@json_option
def cancel(session: Session, order: int, json_out: bool) -> None:
    """Take an order back that nobody accepted, as its client: the whole fee is credited to you."""
    from keifu.compute.market import orders as market

    market.cancel(session.deployer, _suite(session), order)
    _say(session, order, json_out)


@cli.verb("close", example="keifu compute order close 0 3 --role client", access=Access.SEND)
@click.argument("order", type=NUMBER)
@click.argument("index", type=NUMBER)
@json_option
def close(session: Session, order: int, index: int, json_out: bool) -> None:
    """End a demand of an order that was not answered in time: bond and whole fee are credited to the client."""
    from keifu.compute.market import orders as market

    market.close(session.deployer, _suite(session), order, index)
    _say(session, order, json_out)


@cli.verb("complete", example="keifu compute order complete 0 --role operator", access=Access.SEND)
@click.argument("order", type=NUMBER)
@json_option
def complete(session: Session, order: int, json_out: bool) -> None:
    """Have the provider and its delegators paid, when no answer can be asked for any more."""
    from keifu.compute.market import orders as market

    market.complete(session.deployer, _suite(session), order)
    _say(session, order, json_out)


@cli.verb("refund", example="keifu compute order refund 0 --role client", access=Access.SEND)
@click.argument("order", type=NUMBER)
@json_option
def refund(session: Session, order: int, json_out: bool) -> None:
    """Return the fee of an order whose results did not come, whoever you are."""
    from keifu.compute.market import orders as market

    market.refund(session.deployer, _suite(session), order)
    _say(session, order, json_out)


def _suite(session: Session) -> Deployment:
    return session.suite(*SUITE, ORDERS)


def _orders(session: Session) -> Contract:
    return _suite(session).at(session.client, ORDERS)


def _lines(path: Path) -> list[bytes]:
    """One request or answer a line. Raises InputError for an empty one: it stands for nothing."""
    found = bytes_of(path, "requests or answers").splitlines()
    if not found or b"" in found:
        raise InputError(
            f"{path} has an empty line" if found else f"{path} is empty", remedy="one JSON document a line"
        )
    return found


def _promoted(session: Session, environment: bytes) -> Promoted:
    """What is promoted now; zeros for an order that is bound to no environment."""
    from keifu.compute.market.results import Promoted

    if not any(environment):
        return Promoted()
    source = provenance_of(session)
    artefact, number, _ = source.current(environment)
    entry = source.entry(artefact)
    if entry is None:
        raise CheckFailed(f"nothing was ever promoted to {environment.hex()}", remedy="keifu prov promote")
    return Promoted(number, entry.record.digest)


def _say(session: Session, number: int, json_out: bool) -> None:
    from keifu.compute.market import read_order

    now = session.client.now
    found: Order = read_order(_orders(session), number)
    facts = {**found.data(), "state": found.state(now)}
    emit(facts, f"order {number}: {found.state(now)}", json_out)
