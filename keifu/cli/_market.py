"""What commands of the compute market share: promises are named by environment, channel and operator; receipts are
files with the text that answers carry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._types import ADDRESS, BYTES32
from keifu.errors import InputError, UsageError

if TYPE_CHECKING:
    from keifu.abi import Contract
    from keifu.chain import Deployment
    from keifu.cli.session import Session
    from keifu.compute.receipt import SignedReceipt
    from keifu.payments import Channel
    from keifu.provenance.registry import Provenance

__all__ = ["AMOUNT", "SUITE", "bytes_of", "channel_of", "environment_option", "market_of", "operator_option",
           "provenance_of", "receipt_of", "receipts_of", "suite_of"]  # fmt: skip

SUITE = ("ComputeMarket", "StakingHub", "Channels", "KeifuToken")
NOWHERE = bytes(32)  # the environment of a service that is bound to none
AMOUNT = click.IntRange(0)
LARGEST_FILE = 64 << 20


def environment_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--environment", type=BYTES32, default=NOWHERE.hex(),
        help="Environment whose promoted artefact answers, by its id.  [default: bound to none]",
    )(body)  # fmt: skip


def operator_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--operator", type=ADDRESS, required=True, help="Operator whose promise it is.")(body)


def suite_of(session: Session) -> Deployment:
    return session.suite(*SUITE)


def market_of(session: Session) -> Contract:
    return suite_of(session).at(session.client, SUITE[0])


def channel_of(session: Session, channel_id: bytes) -> Channel:
    """As the chain has it, whoever opened it. Raises UsageError for one that is not there."""
    from keifu.chain.suite import CHANNELS
    from keifu.payments.status import find_channel

    channels = suite_of(session).at(session.client, CHANNELS)
    return find_channel(session.client, channels, channel_id, session.record.first_block)


def provenance_of(session: Session) -> Provenance:
    """The registry, and what environments promote from it."""
    from keifu.provenance.registry import Provenance

    suite, first = session.suite("ProvenanceRegistry", "Environments"), session.record.first_block
    return Provenance(session.client, suite["ProvenanceRegistry"], suite["Environments"], first_block=first)


def receipt_of(path: Path) -> SignedReceipt:
    """One that stands alone in a file. Raises InputError."""
    found = receipts_of(path)
    if len(found) != 1:
        raise InputError(f"{path} has {len(found)} receipts", remedy="one receipt a file, as its header has it")
    return found[0]


def receipts_of(path: Path) -> list[SignedReceipt]:
    """One a line. Raises InputError."""
    from keifu.compute.wire import unpack

    try:
        lines = bytes_of(path, "a receipt").decode("ascii").split()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no receipt: it is no text", remedy="as the header Keifu-Receipt has it") from error
    if not lines:
        raise UsageError(f"{path} is empty", remedy="a receipt is what the header Keifu-Receipt has")
    return [unpack(line) for line in lines]


def bytes_of(path: Path, what: str, most: int = LARGEST_FILE) -> bytes:
    """Raises InputError for a file of more than `most` bytes."""
    from keifu._files import read_bounded

    return read_bounded(path, most, what)
