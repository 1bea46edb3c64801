"""What the SDK offers, an area a class. Amounts are decimal numbers of coins, ids the hex digits that are printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from keifu.errors import CheckFailed, UsageError
from keifu.node.watcher.peers import PAGE, ask_all, read_lines
from keifu.provenance import Kind, Link, Record, Relation
from keifu.provenance.digest import digest_path
from keifu.provenance.documents import Documents, kept_folder
from keifu.provenance.manifest import Manifest
from keifu.provenance.verify import Finding, check_running
from keifu.sdk.amounts import Amount, coins_of, wei_of
from keifu.sdk.granting import Programmes
from keifu.sdk.link import Link as Connection
from keifu.sdk.verbs import Area, Later, Now, verb
from keifu.staking import actions
from keifu.tge import find_proof
from keifu.tge.chain import DISTRIBUTOR, claim

__all__ = [
    "Datasets",
    "Delegation",
    "Environments",
    "Grants",
    "Models",
    "Promotion",
    "Published",
    "Staking",
    "Verdict",
    "verify_running",
]

M = TypeVar("M", bound=Now | Later)
PATIENCE_SECONDS = 5.0  # for an operator
_ID = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class Published:
    """A registered record: its id, and the digest of the files."""

    id: str
    digest: str
    kind: str
    author: str


@dataclass(frozen=True)
class Promotion:
    """What an environment runs: the number of the promotion, and the record's id."""

    environment: str
    number: int
    artefact: str


@dataclass(frozen=True)
class Verdict:
    """Whether what runs is what was promoted, with every check that was made."""

    ok: bool
    findings: tuple[Finding, ...]

    def require(self) -> None:
        """Raises CheckFailed with the checks that failed."""
        if failed := [f"{item.check}: {item.detail}" for item in self.findings if not item.ok]:
            raise CheckFailed("; ".join(failed), remedy="promote what runs, or run what was promoted")


@dataclass(frozen=True)
class Delegation:
    """What the account has with an operator: coins at stake, rewards not claimed yet, and coins that are leaving."""

    operator: str
    worth: Decimal
    rewards: Decimal
    leaving: Decimal


class Datasets(Area[M]):
    """Data that others can refer to."""

    @verb
    def publish(
        self,
        path: str | Path,
        *,
        version: str = "",
        licence: str = "",
        uri: str = "",
        derived_from: Iterable[str] = (),
    ) -> Published:
        """Register a file or folder under its digest and the names of its files; `derived_from` are ids of its parents.
        The files themselves go nowhere."""
        links = [Link(Relation.DERIVED_FROM, _id(parent)) for parent in derived_from]
        return _register(self._link, Kind.DATASET, path, links, version=version, licence=licence, uri=uri)


class Models(Area[M]):
    """Weights, and what they were made from."""

    @verb
    def register(
        self,
        path: str | Path,
        *,
        version: str = "",
        licence: str = "",
        uri: str = "",
        trained_on: Iterable[str] = (),
        fine_tuned_from: Iterable[str] = (),
    ) -> Published:
        """Register weights under their digest, with the ids of the data and models that they come from."""
        links = [Link(Relation.TRAINED_ON, _id(parent)) for parent in trained_on]
        links += [Link(Relation.FINE_TUNED_FROM, _id(parent)) for parent in fine_tuned_from]
        return _register(self._link, Kind.WEIGHTS, path, links, version=version, licence=licence, uri=uri)


class Environments(Area[M]):
    """Where artefacts run, and which one."""

    @verb
    def declare(self, name: str) -> str:
        """Declare an environment of the account's own; its id. Policies are made with `keifu prov declare`."""
        return self._link.provenance.declare(name, [], self._link.account).hex()

    @verb
    def promote(self, environment: str, artefact: str) -> Promotion:
        """Have an environment of the account's own (its name, or an id) run a registered artefact."""
        link, made = self._link, _id(artefact)
        place = link.provenance.environment(environment, link.account.address)
        return Promotion(place.hex(), link.provenance.promote(place, made, link.account), made.hex())

    @verb
    def rollback(self, environment: str, number: int) -> Promotion:
        """Go back to what an earlier promotion named."""
        link = self._link
        place = link.provenance.environment(environment, link.account.address)
        made = link.provenance.rollback(place, number, link.account)
        artefact, _, _ = link.provenance.current(place)
        return Promotion(place.hex(), made, artefact.hex())

    @verb
    def current(self, environment: str, *, owner: str = "") -> Promotion | None:
        """What an environment runs, proved against the newest block; None when nothing was ever promoted there."""
        place = _place(self._link, environment, owner)
        made, entry = self._link.proved.production(place)
        return None if entry is None else Promotion(place.hex(), made.seq, entry.id.hex())


class Staking(Area[M]):
    """Coins behind operators. An amount is a number of coins: "12.5", 12 or Decimal("12.5")."""

    @verb
    def delegate(self, operator: str, amount: Amount) -> Delegation:
        """Stake coins with an operator; what the account has there then."""
        wei = wei_of(amount)
        actions.delegate(self._link.deployer, self._link.suite, operator, wei)
        return _delegation(self._link, operator)

    @verb
    def position(self, operator: str) -> Delegation:
        """What the account has with an operator."""
        return _delegation(self._link, operator)

    @verb
    def claim(self, operator: str) -> Decimal:
        """Pay out the account's rewards; coins."""
        return coins_of(actions.claim_rewards(self._link.deployer, self._link.suite, operator))

    @verb
    def leave(self, operator: str) -> Delegation:
        """Ask for everything back, and take what has waited long enough. Safe to call again."""
        actions.leave(self._link.deployer, self._link.suite, operator, self._link.client.now)
        return _delegation(self._link, operator)


class Grants(Programmes[M]):
    """Grants: of programmes, and of the token generation event. `folder` has the published files of the event."""

    @verb
    def claimable(self, folder: str | Path, account: str = "") -> Decimal:
        """Coins that are due now of a grant, the account's own unless another is named."""
        proof = find_proof(Path(folder), account or self._link.account.address)
        index, holder, total, _ = proof.arguments
        due: int = self._link.suite.at(self._link.client, DISTRIBUTOR).claimable(index, holder, total)
        return coins_of(due)

    @verb
    def claim(self, folder: str | Path, account: str = "") -> Decimal:
        """Have what is due paid to the grant's holder; coins."""
        link = self._link
        proof = find_proof(Path(folder), account or link.account.address)
        return coins_of(claim(link.deployer, link.suite[DISTRIBUTOR], proof))


def verify_running(
    link: Connection, environment: str, *, owner: str, path: str | Path | None, nodes: Sequence[str], max_age: int
) -> Verdict:
    """See `Keifu.verify_running`."""
    answers = ask_all(nodes, PAGE, read_lines, patience=PATIENCE_SECONDS)
    place = _place(link, environment, owner)
    said = [one for answer in answers for one in answer.said if one[0].environment == place]
    findings = check_running(link.proved, place, path, said, documents=Documents(kept=kept_folder()), max_age=max_age)
    findings += [Finding(item.operator, False, f"no heartbeat: {item.fault}") for item in answers if item.fault]
    return Verdict(all(item.ok for item in findings), tuple(findings))


# helpers -----------------------------------------------------------------------------------------------------------


def _register(connection: Connection, kind: Kind, path: str | Path, links: Sequence[Link], **words: Any) -> Published:
    account = connection.account
    found = digest_path(path)
    manifest = Manifest.of(found)
    record = Record(account.address, kind, found.root, manifest=manifest.hash, links=tuple(links), **words)
    Documents(kept=kept_folder()).keep(manifest.body)
    made = connection.provenance.register(record, account)
    return Published(made.hex(), found.root.hex(), kind.word, account.address)


def _id(text: str) -> bytes:
    if (match := _ID.fullmatch(text)) is None:
        raise UsageError(
            f"{text!r} is no id of a record", remedy="64 hex digits, as `publish` and `register` give them"
        )
    return bytes.fromhex(match[1])


def _place(link: Connection, environment: str, owner: str) -> bytes:
    """An id as it is; a name is one of the owner's, or of the account's."""
    if (match := _ID.fullmatch(environment)) is not None:
        return bytes.fromhex(match[1])
    return link.provenance.environment(environment, owner or link.account.address)


def _delegation(link: Connection, operator: str) -> Delegation:
    hub = link.suite.at(link.client, actions.HUB)
    found = actions.position(hub, operator, link.account.address, link.client.now)
    leaving = sum(ticket.amount for ticket in found.tickets)
    return Delegation(operator, coins_of(found.worth), coins_of(found.rewards), coins_of(leaving))
