"""Whom and what a verifier trusts: chain, registry, environments, a block, authors, attesters, in one pinned file.

Whatever is checked (a bundle, a heartbeat, a label, an export) also names a domain of its own. That word is only ever
compared with what stands here, by `Trust.accept`, and refused with both values when it differs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from keifu._files import read_bounded
from keifu.chain.deployments import user_folder
from keifu.errors import CheckFailed, InputError
from keifu.keys import checksum
from keifu.provenance._model import digest_bytes
from keifu.units import DAY

__all__ = [
    "FILE_VARIABLE",
    "FORMAT",
    "Market",
    "Notaries",
    "ReceiptKey",
    "RunPromotion",
    "Sigstore",
    "Trust",
    "trust_file",
]

FORMAT = "keifu-trust/1"
FILE_VARIABLE = "KEIFU_TRUST"
LARGEST_FILE = 1 << 20
REMEDY = "if you meant to trust that, change the trust file: `keifu trust init --replace`"


def trust_file() -> Path:
    """The user's own trust file. Never one beside what is checked: that could have come with it."""
    return user_folder().parent / "trust.json"


class Sigstore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may say which identity of Sigstore signed something: `trusted_root.json`, pinned by its SHA-256, and for each
    identity the issuer who signs it in."""

    root: str
    sha256: str
    issuers: dict[str, str] = {}


class ReceiptKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key that signs receipts for an operator, from a time until another (0: it still does). Unix seconds."""

    key: str
    since: int = 0
    until: int = 0


class RunPromotion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an environment ran from a time on: number of the promotion, and the artefact's digest."""

    seq: int
    digest: str
    time: int


class Market(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The compute market whose receipts count, the channels that pay there, and what was looked up for a check without
    a network: keys by operator, and promotions by environment, in their order."""

    market: str
    channels: str = ""
    keys: dict[str, tuple[ReceiptKey, ...]] = {}
    promoted: dict[str, tuple[RunPromotion, ...]] = {}

    def checked(self) -> Market:
        """Raises InputError naming what cannot be right."""
        for name, made in self.promoted.items():
            if [item.seq for item in made] != sorted({item.seq for item in made}):
                raise InputError(f"promotions of {name} are not in their order")
        return Market(
            _address(self.market),
            _address(self.channels) if self.channels else "",
            {
                _address(operator): tuple(ReceiptKey(_address(item.key), item.since, item.until) for item in keys)
                for operator, keys in self.keys.items()
            },
            {
                digest_bytes(name, "environment").hex(): tuple(
                    RunPromotion(item.seq, digest_bytes(item.digest, f"promotion {item.seq}").hex(), item.time)
                    for item in made
                )
                for name, made in self.promoted.items()
            },
        )


class Notaries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose word about blocks of the trusted chain counts: so many of these accounts, signed for one RecordProof, which
    is where their coins are, and about a block that is no older."""

    chain: int  # of that contract
    contract: str
    accounts: tuple[str, ...]
    quorum: int
    max_age: int = DAY

    def checked(self) -> Notaries:
        """Raises InputError naming what cannot be right."""
        accounts = tuple(map(_address, self.accounts))
        if len(set(accounts)) < len(accounts):
            raise InputError("a notary is named twice", remedy="each counts once")
        if self.chain < 1 or self.max_age < 1 or not 0 < self.quorum <= len(accounts):
            raise InputError("chain, quorum or age of the notaries is out of range")
        return msgspec.structs.replace(self, contract=_address(self.contract), accounts=accounts)


class Trust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A verifier's side. An empty list of authors, attesters or environments means that none was chosen: then answers
    name them, and the reader decides."""

    chain: int
    registry: str
    environments: str = ""
    format: str = FORMAT
    genesis: str = ""  # hash of the first block: two local chains share a number, never that
    first_block: int = 0  # no record is older
    block: str = ""  # hash of a block that is known to be right
    nodes: tuple[str, ...] = ()  # asked, beside the node that answers, which block is right
    agree: int = 0  # how many of them have to say the same
    authors: tuple[str, ...] = ()
    attesters: tuple[str, ...] = ()
    named: dict[str, str] = {}  # environments: a name of the verifier's, and the id
    runners: dict[str, tuple[str, ...]] = {}  # by that name: nodes that have to say what they run there
    sigstore: Sigstore | msgspec.UnsetType = msgspec.UNSET
    compute: Market | msgspec.UnsetType = msgspec.UNSET
    notaries: Notaries | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def read(cls, path: Path) -> Trust:
        """Raises InputError when the file is not a trust file."""
        try:
            found = msgspec.json.decode(read_bounded(path, LARGEST_FILE, "a trust file"), type=cls)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path} is no trust file: {error}", remedy="make one: keifu trust init") from error
        return found.checked(str(path))

    def checked(self, where: str) -> Trust:
        """Itself with every value in its usual form. Raises InputError naming a field that cannot be right."""
        if self.format != FORMAT:
            raise InputError(f"{where} has format {self.format!r}, this version reads {FORMAT}")
        if self.chain < 1 or not 0 <= self.agree <= len(self.nodes) or (self.nodes and not self.agree):
            raise InputError(f"{where}: chain, or the number of nodes that have to agree, is out of range")
        if len({url.rstrip("/") for url in self.nodes}) < len(self.nodes):
            raise InputError(f"{where}: a node is named twice", remedy="each node agrees once")
        if self.first_block < 0:
            raise InputError(f"{where}: a chain has no block {self.first_block}")
        if self.sigstore and not all(issuer.startswith("https://") for issuer in self.sigstore.issuers.values()):
            raise InputError(f"{where}: an issuer is no address that begins with https://")
        if unknown := self.runners.keys() - self.named.keys():
            raise InputError(f"{where}: nodes of {min(unknown)}, an environment that it does not name")
        try:
            return msgspec.structs.replace(
                self,
                registry=_address(self.registry),
                environments=_address(self.environments) if self.environments else "",
                genesis=_hash(self.genesis, "genesis"),
                block=_hash(self.block, "block"),
                authors=tuple(map(_address, self.authors)),
                attesters=tuple(map(_address, self.attesters)),
                runners={name: tuple(map(_address, nodes)) for name, nodes in self.runners.items()},
                named={name: digest_bytes(value, f"environment {name}").hex() for name, value in self.named.items()},
                compute=self.compute.checked() if self.compute else msgspec.UNSET,
                notaries=self.notaries.checked() if self.notaries else msgspec.UNSET,
            )
        except InputError as error:
            raise InputError(f"{where}: {error.message}", remedy=error.remedy) from error

    def write(self, path: Path) -> None:
        """Write it whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
        partial.replace(path)

    def accept(self, what: str, **said: Any) -> None:
        """Compare what `what` says of its own domain with what is trusted here; None is not said.

        Known words: chain, genesis, registry, environments, block, environment, author, attester, market,
        channels. Raises CheckFailed with both values.
        """
        for aspect, value in said.items():
            if value is None:
                continue
            word = value.hex() if isinstance(value, bytes) else str(value).lower()
            trusted = self._trusted(aspect)
            if trusted and word.removeprefix("0x") not in {item.removeprefix("0x") for item in trusted}:
                listed = " or ".join(trusted)
                raise CheckFailed(f"{what}: {aspect} is {word}, trusted is {listed}", remedy=REMEDY)

    def environment(self, name: str) -> bytes | None:
        """The id that the verifier gave a name to."""
        found = self.named.get(name)
        return bytes.fromhex(found) if found else None

    def runners_of(self, environment: bytes) -> tuple[str, ...]:
        """Nodes that have to say what they run there. Signatures are kept by no state: whoever hands a bundle on could
        leave one out unseen, if the verifier did not know of its node."""
        names = [name for name, value in self.named.items() if value == environment.hex()]
        return tuple(dict.fromkeys(node for name in names for node in self.runners.get(name, ())))

    def _trusted(self, aspect: str) -> tuple[str, ...]:
        """What counts; empty when the verifier chose nothing there."""
        if aspect == "environments" and not self.environments:
            return ("no contract at all",)
        known: dict[str, tuple[str, ...]] = {
            "chain": (str(self.chain),),
            "genesis": (self.genesis,) if self.genesis else (),
            "registry": (self.registry,),
            "environments": (self.environments,),
            "block": (self.block,) if self.block else (),
            "environment": tuple(self.named.values()),
            "author": self.authors,
            "attester": self.attesters,
            "market": (self.compute.market,) if self.compute else (),
            "channels": (self.compute.channels,) if self.compute and self.compute.channels else (),
        }
        return known[aspect]


def _address(text: str) -> str:
    return checksum(text).lower()


def _hash(text: str, what: str) -> str:
    return "0x" + digest_bytes(text, what).hex() if text else ""
