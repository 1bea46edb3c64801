"""`keifu store renew` and what else is done about stored files. The work is done in keifu/storage/client."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._store import FILE, ledger_of, market_of, row_of, storage_folder
from keifu.cli._types import DURATION, OUT_PATH, PUBLIC_KEY, CoinsAsWritten
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession

__all__ = ["close", "erase", "key", "refund", "renew", "repair", "share"]


@verb("renew", example='keifu store renew 1 --for "90 days" --max-price 3 --role client', access=Access.SEND)
@click.argument("file", type=FILE)
@click.option("--for", "seconds", type=DURATION, required=True, help="How much longer.")
@click.option(
    "--max-price", "most", type=CoinsAsWritten(), required=True, help="What it may cost, in what its deal pays."
)
@storage_folder
@json_option
def renew(session: RpcSession, file: Any, seconds: int, most: str, folder: Path | None, json_out: bool) -> None:
    """Pay for FILE for longer, at its deal's price and in what that is paid. Each provider goes on if it wants to; what
    is not stored is refunded."""
    from keifu.storage.client import keeping

    market = market_of(session)
    with ledger_of(folder) as ledger:
        row = row_of(ledger, file, own=True)
        bound = market.money(row.kept.token).parse(most)
        row, end = keeping.renew(market, ledger, session.deployer, row, seconds, bound)
    emit({"file": row.number, "end": end}, f"file {row.number} is paid until epoch {end}", json_out)


@verb("share", example="keifu store share 1 --to 0x… --out box.txt --role client", access=Access.SEND)
@click.argument("file", type=FILE)
@click.option("--to", "to", type=PUBLIC_KEY, required=True, help="Public key of whoever gets the keys.")
@click.option("--repair-only", is_flag=True, help="Let it rebuild shards, and read nothing.")
@click.option("--out", type=OUT_PATH, required=True, help="File to write.")
@storage_folder
@json_option
def share(
    session: RpcSession, file: Any, to: bytes, repair_only: bool, out: Path, folder: Path | None, json_out: bool
) -> None:
    """Write a box with the keys of FILE that one key alone opens: `keifu store get ADDRESS --box`. Nobody takes a key
    back that was given away."""
    from keifu.storage.client.keeping import make_box
    from keifu.storage.client.storing import address_of

    with ledger_of(folder, writes=False) as ledger:
        row = row_of(ledger, file)
    box = make_box(row, session.account, to, repair_only=repair_only)
    out.write_text(box.hex() + "\n")
    facts = {"box": str(out), "address": str(address_of(row)), "repair_only": repair_only}
    emit(facts, f"{out}: the keys of {address_of(row)}", json_out)


@verb("key", example="keifu store key --role client", access=Access.SEND)
@json_option
def key(session: RpcSession, json_out: bool) -> None:
    """Print the public key of the account that signs: whoever has a file shares its keys with it."""
    public = session.account.public_key.hex()
    emit({"address": session.account.address, "public_key": public}, public, json_out)


@verb("repair", example="keifu store repair 1 --role client", access=Access.SEND)
@click.argument("file", type=FILE)
@storage_folder
@json_option
def repair(session: RpcSession, file: Any, folder: Path | None, json_out: bool) -> None:
    """Make shards of FILE again that are lost, or that nobody accepted in time, and give them to other providers."""
    from keifu.storage.client.repairing import mend, target_of
    from keifu.storage.client.storing import Storing, keys_of

    market = market_of(session)
    with ledger_of(folder) as ledger:
        row = row_of(ledger, file)
        storing = Storing(market, ledger, session.deployer, session.account, time.sleep)
        done = mend(storing, target_of(row, keys_of(row, session.account)))
    document = [{"shard": item.index, "provider": item.provider, "fault": item.fault} for item in done]
    text = "\n".join(f"shard {item.index}: {item.fault or f'sent to {item.provider}'}" for item in done)
    emit(document, text or "nothing is to be repaired", json_out)
    if failed := [item for item in done if item.fault]:
        raise CheckFailed(f"{len(failed)} shards were not sent", remedy="the same command goes on")


@verb("close", example="keifu store close 1 --role client", access=Access.SEND)
@click.argument("file", type=FILE)
@storage_folder
@json_option
def close(session: RpcSession, file: Any, folder: Path | None, json_out: bool) -> None:
    """End the deal of FILE early: the epoch under way and the next are still paid. `refund` takes the rest back then.
    Whoever has the keys reads it until providers delete it."""
    from keifu.storage.client import keeping

    market = market_of(session)
    with ledger_of(folder) as ledger:
        row = row_of(ledger, file, own=True)
        ended = keeping.close(market, session.deployer, row.deal)
        row = ledger.change(row, "erased" if row.state == "erased" else "ended", row.kept)
    emit({"file": row.number, "shards": ended}, f"file {row.number}: {len(ended)} shards end soon", json_out)


@verb("refund", example="keifu store refund 1 --role client", access=Access.SEND)
@click.argument("file", type=FILE)
@storage_folder
@json_option
def refund(session: RpcSession, file: Any, folder: Path | None, json_out: bool) -> None:
    """Take back what was paid and not proven of shards that are over, and all that the market owes you in coins and in
    what the deal of FILE is paid in."""
    from keifu.storage.client import keeping

    market = market_of(session)
    with ledger_of(folder, writes=False) as ledger:
        row = row_of(ledger, file)
    paid = keeping.refund(market, session.deployer, row.deal)
    emit({"file": row.number, **paid.data()}, paid.text(), json_out)


@verb("erase", example="keifu store erase 1 --role client", access=Access.SEND)
@click.argument("file", type=FILE)
@click.option("--out", type=OUT_PATH, help="Write the record of it there, as JSON.")
@storage_folder
@json_option
def erase(session: RpcSession, file: Any, out: Path | None, folder: Path | None, json_out: bool) -> None:
    """End the deal of FILE and shred its keys: from then on nobody reads it who was not given them. Providers' signed
    words that its shards are deleted are collected; call it again when more of them have deleted."""
    from keifu.storage.client import keeping

    market = market_of(session)
    with ledger_of(folder) as ledger:
        row, said = keeping.erase(market, ledger, session.deployer, row_of(ledger, file, needs_deal=False, own=True))
    record = {
        "file": row.number, "name": row.kept.name, "content_root": row.root.hex(), "deal": row.deal.hex(),
        "keys_shredded": row.kept.erased, "shards": len(row.kept.roots),
        "deleted": [{"shard": item.shard, "provider": item.provider, "statement": json.loads(item.text)}
                    for item in said],
    }  # fmt: skip
    if out is not None:
        out.write_text(json.dumps(record, indent=2) + "\n")
    text = (
        f"file {row.number}: its keys are shredded; {len(said)} of {len(row.kept.roots)} providers have signed that "
        "its shards are deleted"
    )
    emit(record, text, json_out)
