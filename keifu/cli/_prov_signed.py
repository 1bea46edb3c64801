"""What somebody else signed, an account of several people for one: the options that `register` and `attest` share."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from keifu._files import read_bounded
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, IN_FILE, MOMENT, OUT_PATH
from keifu.errors import InputError, UsageError

__all__ = ["Signer", "signed_by_another"]

LONGEST = 1_300  # bytes of a signature that the registry passes on: a Safe with twenty owners
LARGEST_FILE = 1 << 14


@dataclass(frozen=True)
class Signer:
    """Who says it, when it is not the sender: first they get what they have to sign, then their signature is sent."""

    account: str
    deadline: int
    signature: Path | None
    document: Path | None

    @property
    def signs_later(self) -> bool:
        """Whether they still have to sign."""
        return self.document is not None

    def ask(self, document: dict[str, Any], digest: bytes, json_out: bool, **more: Any) -> None:
        """Write down what they have to sign, and tell its digest."""
        assert self.document is not None
        self.document.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        emit({"sign": digest.hex(), **more}, f"to be signed: 0x{digest.hex()}", json_out)

    def read(self) -> bytes:
        """The signature in the file; none yet when they sign later. Raises InputError, before anything is sent, when it
        cannot be one."""
        if self.signature is None:
            return b""
        text = read_bounded(self.signature, LARGEST_FILE, "a signature").decode("ascii", "replace").strip()
        try:
            found = bytes.fromhex(text.removeprefix("0x"))
        except ValueError as error:
            raise InputError(
                f"{self.signature} is no signature in hex", remedy="0x and the bytes, as wallets give it"
            ) from error
        if not 0 < len(found) <= LONGEST:
            raise InputError(f"{self.signature} has {len(found):,} bytes, a signature 1 to {LONGEST:,}")
        return found


def signed_by_another(body: Callable[..., Any]) -> Callable[..., Any]:
    """--for, --deadline, --typed-data, --signature; the body gets `signer`, None for what the sender says."""

    @functools.wraps(body)
    def wrapper(
        *args: Any, signer: str | None, deadline: int, typed_data: Path | None, signature: Path | None, **rest: Any
    ) -> Any:
        return body(*args, signer=_checked(signer, deadline, typed_data, signature), **rest)

    for option in (
        click.option(
            "--signature", type=IN_FILE,
            help="With --for: file with its signature in hex, by a key or by a contract account (ERC-1271).",
        ),
        click.option(
            "--typed-data", type=OUT_PATH,
            help="With --for: write what it has to sign (EIP-712, for any wallet), and send nothing.",
        ),
        click.option("--deadline", type=MOMENT, default=0, help="With --for: last moment in which it counts."),
        click.option("--for", "signer", type=ADDRESS, help="Who says it, if not the sender: an account that signs."),
    ):  # fmt: skip
        wrapper = option(wrapper)
    return wrapper


def _checked(account: str | None, deadline: int, document: Path | None, signature: Path | None) -> Signer | None:
    if account is None:
        if deadline or document or signature:
            raise UsageError("whose signature is it?", remedy="--for ADDRESS")
        return None
    if (document is None) == (signature is None):
        raise UsageError("somebody else says it", remedy="--typed-data FILE to let them sign, then --signature FILE")
    if not deadline:
        raise UsageError("until when does the signature count?", remedy="--deadline TIME, the same in both calls")
    return Signer(account, deadline, signature, document)
