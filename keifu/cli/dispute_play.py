"""`keifu dispute check` and `open`: kept replies against the model itself. The work is done in keifu/compute/client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._disputes import dispute_of, integers_option, judge_of, outcome_words, reading_of, suite_of
from keifu.cli._print import emit
from keifu.cli._types import BYTES32
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, KeifuError, UsageError
from keifu.units import coins

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.compute.client.disputing import Judge, Judged
    from keifu.compute.client.kept import KeptReply
    from keifu.inference.disputes.reading import Reading

__all__ = ["check", "open_"]


@verb("check", example="keifu dispute check --integers ./integers", access=Access.READ)
@click.argument("receipts", type=BYTES32, nargs=-1)
@integers_option
@client_folder
@json_option
def check(
    session: Session, receipts: tuple[bytes, ...], integers: Path, folder: Path | None, json_out: bool
) -> None:  # fmt: skip
    """Compute replies again that this client has kept, all or those of RECEIPTS by their struct hashes, and say which
    are wrong. Exit status 1 when one is."""
    from keifu.compute.client.disputing import judged_all

    with _replies(folder, receipts) as replies:
        found = list(judged_all(judge_of(session, integers), replies))
    rows = [(reply.signed.receipt, words) for reply, _, words in found]
    document = [{"receipt": item.struct_hash.hex(), "number": item.number, "found": words} for item, words in rows]
    lines = [f"{item.struct_hash.hex()}: {words}" for item, words in rows]
    emit(document, "\n".join(lines) or "no reply that can be disputed is kept", json_out)
    wrong = sum(judged is not None and judged.place is not None for _, judged, _ in found)
    if wrong:
        raise CheckFailed(f"{wrong} of {len(found)} replies are wrong", remedy="keifu dispute open")


@verb("open", example="keifu dispute open --integers ./integers --role client", access=Access.SEND)
@click.argument("receipts", type=BYTES32, nargs=-1)
@integers_option
@click.option("--once", is_flag=True, help="Do what is due, and do not wait for the other side.")
@client_folder
@json_option
def open_(
    session: Session, receipts: tuple[bytes, ...], integers: Path, once: bool, folder: Path | None, json_out: bool
) -> None:
    """Dispute kept replies that are wrong, all or those of RECEIPTS, one a channel at a time, and play to the end: the
    provider shows, you ask, one number is proved wrong. Call it again after an interruption: it goes on."""
    from keifu.chain.suite import DISPUTES
    from keifu.compute.market import services

    say = _say(json_out)
    with _replies(folder, receipts) as replies:
        wrong = list(_wrong(judge_of(session, integers), replies, say))
    reading, found = reading_of(session), []
    for judged in wrong:
        name = judged.reply.signed.receipt.struct_hash.hex()
        say(f"{name}: {judged.words}")
        try:
            said = _one(session, reading, judged, say, once=once)
        except KeifuError as error:
            if len(wrong) == 1:
                raise
            said = {"fault": str(error)}
            say(f"  {error}")
        found.append({"receipt": name, "found": judged.words, **said})
    paid = services.withdraw(session.deployer, suite_of(session), session.sender, DISPUTES)
    document = {"disputes": found, "paid": str(paid)}
    words = f"{coins(paid)} coins were paid to {session.sender}" if paid else "nothing is due"
    emit(document, words if found else "no reply that is kept is wrong", json_out)
    if found and all("fault" in item for item in found):
        raise CheckFailed(f"none of {len(found)} disputes goes on", remedy="each says why it was refused")


def _say(json_out: bool) -> Callable[[str], None]:
    def say(words: str) -> None:
        if not json_out:
            click.echo(words)

    return say


def _one(
    session: Session, reading: Reading, judged: Judged, say: Callable[[str], None], *, once: bool
) -> dict[str, Any]:
    from keifu.compute.client.disputing import played

    dispute = dispute_of(session, reading, judged)
    if dispute.opened is None:
        dispute.open()
        say(f"  opened, with a bond of {coins(reading.disputes.bond())} coins")
    outcome = played(dispute, lambda words: say(f"  {words}"), once=once)
    if outcome is None:
        return {"state": "open"}
    say(f"  {outcome_words(outcome)}")
    amounts = {"restitution": str(outcome.restitution), "reward": str(outcome.reward)}
    return {"state": "convicted" if outcome.is_convicted else "acquitted", **amounts}


@contextmanager
def _replies(folder: Path | None, receipts: tuple[bytes, ...]) -> Iterator[list[KeptReply]]:
    """Raises UsageError for a receipt of which nothing is kept."""
    from keifu.compute.client.store import Store, usual_folder

    with Store(folder or usual_folder(), beside=True) as store:
        if not receipts:
            yield list(store.replies())
            return
        found = [reply for receipt in receipts for reply in store.replies(receipt)]
        if len(found) != len(receipts):
            raise UsageError("a receipt of these is not kept, or cannot be disputed", remedy="keifu dispute check")
        yield found


def _wrong(judge: Judge, replies: list[KeptReply], say: Callable[[str], None]) -> Iterator[Judged]:
    from keifu.compute.client.disputing import judged_all

    for reply, judged, words in judged_all(judge, replies):
        if judged is None:
            say(f"{reply.signed.receipt.struct_hash.hex()}: {words}")
        elif judged.place is not None:
            yield judged
