"""`keifu deploy verify`, `change` and `handover`: a suite that is there, and who keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, report_checks
from keifu.cli._types import ADDRESS, IN_FILE, OUT_PATH
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.units import day

if TYPE_CHECKING:
    from keifu.chain.timelock import Batch
    from keifu.cli.session import Session

__all__ = ["cancel", "change", "handover", "verify"]


@verb("verify", example="keifu deploy verify", access=Access.READ)
@click.option("--accept", is_flag=True, help="Take the settings of now into the record, once all else agrees.")
@json_option
def verify(session: Session, accept: bool, json_out: bool) -> None:
    """Compare every byte of code, wiring, roles, parameters, services and settings with the record."""
    from keifu.chain.settings import agree
    from keifu.chain.verify import verify_suite
    from keifu.deploy.running import require_recorded

    record = require_recorded(session.record)
    if accept:
        record.services, record.settings = {}, ()
    checks = verify_suite(session.client, record)
    report_checks(checks, json_out)
    if accept:
        agree(session.client, record)
        session.save(record)


@verb("change", example="keifu deploy change fee.toml --out fee.json", access=Access.MAY_SIGN)
@click.argument("calls", type=IN_FILE)
@click.option("--out", type=OUT_PATH, help="Write two files for a Safe's transaction builder.")
@click.option("--send", is_flag=True, help="Queue it now, or execute it when it is ready, as the account that signs.")
@json_option
def change(session: Session, calls: Path, out: Path | None, send: bool, json_out: bool) -> None:
    """Try the calls of a TOML file as the timelock, show them, and queue them as one batch or write it for a Safe."""
    from keifu.chain.suite import TIMELOCK
    from keifu.deploy.changes import read_changes, try_out

    session.suite(TIMELOCK)
    batch = read_changes(session.client, session.record, calls)
    try_out(session.client, batch)
    _advance(session, batch, out, send=send, json_out=json_out)


@verb("cancel", example="keifu deploy cancel 0x5d59f1d0 --send --role deployer", access=Access.MAY_SIGN)
@click.argument("number")
@click.option("--out", type=OUT_PATH, help="Write a file for a Safe's transaction builder.")
@click.option("--send", is_flag=True, help="Cancel it now, as the account that signs.")
@json_option
def cancel(session: Session, number: str, out: Path | None, send: bool, json_out: bool) -> None:
    """Stop the operation whose number begins with NUMBER, as `keifu deploy status` shows it. Whoever proposes may."""
    from keifu.chain.suite import TIMELOCK
    from keifu.deploy.changes import safe_file
    from keifu.deploy.waiting import find_waiting

    _require_something(out, send=send)
    timelock = session.suite(TIMELOCK)[TIMELOCK]
    found = find_waiting(session.client, session.record, number)
    words = "; ".join(found.calls)
    document: dict[str, Any] = {"number": found.number, "calls": list(found.calls), "cancelled": send}
    lines = list(found.calls)
    if out is not None:
        call = session.client.load(TIMELOCK).interface.function("cancel", 1)
        data = call.encode((bytes.fromhex(found.number[2:]),))
        document["file"] = str(safe_file(session.client, timelock, "cancel", data, words, out))
        lines.append(f"for a Safe's transaction builder: {document['file']}")
    if send:
        session.deployer.call(timelock, TIMELOCK, "cancel", bytes.fromhex(found.number[2:]))
        lines.append("cancelled")
    emit(document, "\n".join(lines), json_out)


@verb("handover", example="keifu deploy handover --to 0x… --out safe.json --role deployer", access=Access.MAY_SIGN)
@click.option("--to", "to", type=ADDRESS, required=True, multiple=True, help="Who proposes from then on: a Safe.")
@click.option("--executor", type=ADDRESS, multiple=True, help="Who executes; zero for anyone.  [default: --to]")
@click.option("--out", type=OUT_PATH, help="Write two files for a Safe's transaction builder.")
@click.option("--send", is_flag=True, help="Queue it now, or execute it when it is ready, as the account that signs.")
@json_option
def handover(
    session: Session, to: tuple[str, ...], executor: tuple[str, ...], out: Path | None, send: bool, json_out: bool
) -> None:
    """Give the timelock's roles to others and take them from whoever has them, in one batch. Once that is done, the
    same command shows that the deploying account has nothing left."""
    from keifu.chain.deployments import Holders
    from keifu.deploy.handover import handover_batch, leftovers
    from keifu.deploy.running import require_recorded

    record, client = require_recorded(session.record), session.client
    new = Holders(to, executor or to)
    batch = handover_batch(client, record, new)
    if batch.calls and not _advance(session, batch, out, send=send, json_out=json_out):
        return
    record.holders = new
    session.save(record)
    report_checks(list(leftovers(client, record, record.deployer)), json_out)


def _advance(session: Session, batch: Batch, out: Path | None, *, send: bool, json_out: bool) -> bool:
    """Show the batch, and do with it what was asked for; whether it was executed."""
    from keifu.chain.timelock import advance_batch
    from keifu.deploy.changes import safe_files

    _require_something(out, send=send)
    document: dict[str, Any] = {"calls": [words for _, _, words in batch.calls]}
    lines = [*document["calls"]]
    if out is not None:
        files = safe_files(session.client, batch, out)
        document["files"] = [str(file) for file in files]
        lines += [f"for a Safe's transaction builder: {file}" for file in files]
    ready = advance_batch(session.deployer, batch) if send else -1
    if send:
        document["ready"] = ready
        lines.append(f"queued; run this again from {day(ready)} on" if ready else "executed")
    emit(document, "\n".join(lines), json_out)
    return ready == 0


def _require_something(out: Path | None, *, send: bool) -> None:
    if not send and out is None:
        raise UsageError("nothing is to be done with it", remedy="--out FILE, or --send with a key")
