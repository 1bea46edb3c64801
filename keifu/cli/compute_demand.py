"""`keifu compute demand`: a paid request without an answer, asked for on the chain. The work is done in
keifu/compute/market/demands.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._market import bytes_of, channel_of, market_of, operator_option, receipt_of, suite_of
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, BYTES32, IN_FILE, OUT_PATH
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["answer", "answered", "close", "demand", "demands"]


@verb("demand", example="keifu compute demand 0x… --operator 0x… --role client", access=Access.SEND)
@click.argument("channel", type=BYTES32)
@operator_option
@click.option("--request", type=IN_FILE, help="Body of the request.  [default: the oldest of yours without an answer]")
@click.option("--fee", type=click.IntRange(1), help="What was paid for it, in the channel's token; with --request.")
@client_folder
@json_option
def demand(
    session: Session,
    channel: bytes,
    operator: str,
    request: Path | None,
    fee: int | None,
    folder: Path | None,
    json_out: bool,
) -> None:
    """Ask on the chain for the answer to a request that CHANNEL has paid, as its payer, with a bond. Everybody sees
    the request. Without an answer in time the fee comes back, and the cover ends."""
    from keifu.compute.market import demands as market
    from keifu.compute.promises import LONGEST_REQUEST

    if (request is None) != (fee is None):
        raise UsageError("--request and --fee say which request was paid for", remedy="give both, or none of them")
    if request is not None and fee is not None:
        body = bytes_of(request, "a request", LONGEST_REQUEST)
        due = market.demand(session.deployer, suite_of(session), channel_of(session, channel), operator, fee, body)
    else:
        due = _kept_demand(session, channel, operator, folder)
    bond = market_of(session).bond()
    facts = {"channel": channel.hex(), "operator": operator, "due": due, "bond": str(bond)}
    emit(facts, f"the answer is due by {day(due)}; {coins(bond)} coins are your bond", json_out)


def _kept_demand(session: Session, channel: bytes, operator: str, folder: Path | None) -> int:
    """Of a request that this client has kept, as it may still be owed an answer."""
    from keifu.compute.client.claiming import demand_answer
    from keifu.compute.client.store import Store, usual_folder

    with Store(folder or usual_folder(), beside=True) as store:
        kept = store.channel(channel)
        return demand_answer(session.deployer, session.client, suite_of(session), store, kept, operator)[1]


@verb("demands", example="keifu compute demands --operator 0x…", access=Access.READ)
@click.option("--operator", type=ADDRESS, help="Of this operator alone.")
@click.option("--channel", type=BYTES32, help="Of this channel alone.")
@json_option
def demands(session: Session, operator: str | None, channel: bytes | None, json_out: bool) -> None:
    """List demands that wait for an answer, oldest first."""
    from keifu.compute.market import open_demands

    found = open_demands(
        session.client, market_of(session), session.record.first_block, operator=operator or "",
        channel_id=channel or b"",
    )  # fmt: skip
    if json_out:
        emit([item.data() for item in found], "", json_out)
        return
    rows = [
        (
            item.channel_id.hex(),
            item.operator,
            day(item.state.deadline),
            coins(item.state.refund),
            f"{len(item.request)}",
        )
        for item in found
    ]
    table(("channel", "operator", "due", "else back", "bytes"), rows, empty="nobody waits for an answer")


@verb("answer", example="keifu compute answer receipt.txt response.json --role operator", access=Access.SEND)
@click.argument("receipt", type=IN_FILE)
@click.argument("response", type=IN_FILE)
@json_option
def answer(session: Session, receipt: Path, response: Path, json_out: bool) -> None:
    """Answer a demand on the chain: RECEIPT is the receipt's text, RESPONSE the answer's body, byte by byte. The bond
    is the operator's, whoever sends. A node does it by itself."""
    from keifu.compute.market import demands as market
    from keifu.compute.promises import LONGEST_RESPONSE

    signed, body = receipt_of(receipt), bytes_of(response, "an answer", LONGEST_RESPONSE)
    market.answer(session.deployer, suite_of(session), signed, body)
    facts = {"channel": signed.receipt.channel_id.hex(), "number": signed.receipt.number}
    emit(facts, f"request {signed.receipt.number} of {signed.receipt.channel_id.hex()} is answered", json_out)


@verb("answered", example="keifu compute answered 0x… --operator 0x… --out answer.json", access=Access.READ)
@click.argument("channel", type=BYTES32)
@operator_option
@click.option("--out", type=OUT_PATH, help="File to write.  [default: standard output]")
@json_option
def answered(session: Session, channel: bytes, operator: str, out: Path | None, json_out: bool) -> None:
    """Print the newest answer that an operator gave CHANNEL on the chain, byte by byte."""
    from keifu.compute.market.demands import answer_in_log

    found = answer_in_log(session.client, market_of(session), channel, operator, session.record.first_block)
    if found is None:
        raise CheckFailed(f"{operator} has answered no demand of {channel.hex()}", remedy="keifu compute demands")
    if out is not None:
        out.write_bytes(found)
        emit({"file": str(out), "bytes": len(found)}, f"{out}: {len(found)} bytes", json_out)
        return
    text = found.decode(errors="replace")
    emit({"answer": text}, text, json_out)


@verb("close", example="keifu compute close 0x… --operator 0x… --role client", access=Access.SEND)
@click.argument("channel", type=BYTES32)
@operator_option
@json_option
def close(session: Session, channel: bytes, operator: str, json_out: bool) -> None:
    """End a demand of CHANNEL that was not answered in time, whoever you are: bond and fee are credited, and the cover
    is over. `keifu compute withdraw` pays them out."""
    from keifu.compute.market import demands as market
    from keifu.compute.market import read_demand

    before = read_demand(market_of(session), channel, operator)
    market.close(session.deployer, suite_of(session), channel, operator)
    facts = {"channel": channel.hex(), "operator": operator, "refund": str(before.refund)}
    said = f"closed: bond and {coins(before.refund)} coins are credited; the cover is over"
    emit(facts, said, json_out)
