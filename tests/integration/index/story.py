"""What happens on the chain that is indexed: staking, provenance, what runs, and a case before the court."""

from __future__ import annotations

from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.suite import HUB
from keifu.keys import Account
from keifu.local import sample
from keifu.local.roles import DEPLOYER, ROLES
from keifu.provenance import Kind, Record, Status
from keifu.provenance.registry import Provenance
from keifu.staking import actions
from keifu.units import COIN

__all__ = ["HOSTILE", "act", "register_text", "stake"]

HOSTILE = b"\xff\x00\xfe"  # no UTF-8, and a byte that no database takes in a text
DIGEST = b"\xd1" * 32


def sender(client: ChainClient, role: str) -> RpcDeployer:
    return RpcDeployer(client, ROLES[role].account, "")


def stake(client: ChainClient, suite: Deployment, coins: int) -> None:
    """The delegator's coins at the operator."""
    actions.delegate(sender(client, "delegator"), suite, ROLES["operator"].account.address, coins * COIN)


def act(client: ChainClient, suite: Deployment) -> None:
    """One thing of each kind."""
    _register_and_promote(client, suite, ROLES["operator"].account)
    stake(client, suite, 7)
    delegator = sender(client, "delegator")
    operator = ROLES["operator"].account.address
    delegator.call(suite[HUB], HUB, "unstake", operator, 2 * COIN, 0, 0)
    service = RpcDeployer(client, ROLES[DEPLOYER].account).address_of(sample.SAMPLE)
    sample.accuse(sender(client, "accuser"), suite, service, 0, b"evidence")


def _register_and_promote(client: ChainClient, suite: Deployment, author: Account) -> None:
    source = Provenance(client, suite["ProvenanceRegistry"], suite["Environments"])
    first, second = (
        source.register(Record(author=author.address, kind=Kind.MODEL, digest=DIGEST, version=version), author)
        for version in ("1", "2")
    )
    environment = source.declare("production", [], author)
    source.promote(environment, first, author)
    source.promote(environment, second, author)
    source.rollback(environment, 1, author)
    source.withdraw(second, Status.REVOKED, "it was trained on what was withdrawn", author)


def register_text(client: ChainClient, suite: Deployment, text: bytes) -> None:
    """Register a record whose licence is these bytes, as anybody may."""
    author, placeholder = ROLES["operator"].account, "X" * len(text)
    source = Provenance(client, suite["ProvenanceRegistry"])
    record = Record(author=author.address, kind=Kind.MODEL, digest=DIGEST, licence=placeholder)
    data = source.registry.register.encode(record.args)
    # By a client that knows no contract: it would decode the receipt.
    ChainClient(client.rpc).send(author, suite["ProvenanceRegistry"], data.replace(placeholder.encode(), text))
