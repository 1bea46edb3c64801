"""What the commands of agents' registries share: which agent, which contracts, and what feedback is worth."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._agents import contract
from keifu.errors import EnvironmentFault, UsageError
from keifu.spec.agent_limits import LARGEST, MAX_DECIMALS

if TYPE_CHECKING:
    from keifu.abi import Contract
    from keifu.chain import Deployment
    from keifu.cli.session import Session

__all__ = [
    "IDENTITY", "REPUTATION", "SCORE", "VALIDATION", "VALIDATOR", "agent_argument", "identity", "is_own", "registries",
    "reputation", "require_own",
]  # fmt: skip

IDENTITY, REPUTATION, VALIDATION = "AgentIdentity", "AgentReputation", "AgentValidation"
VALIDATOR = "ProofValidator"
_SCORE = re.compile(rf"(-?)([0-9]+)(?:\.([0-9]{{1,{MAX_DECIMALS}}}))?")

agent_argument = click.argument("agent", type=click.IntRange(0, 2**256 - 1))


class Score(click.ParamType):
    """A number with at most 18 decimals; value and decimals in Python."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        if (found := _SCORE.fullmatch(str(value))) is None:
            self.fail(f"{value!r} is no number: write 87 or -0.5, with {MAX_DECIMALS} decimals at most", param, ctx)
        sign, whole, rest = found[1], found[2], found[3] or ""
        if (size := int(whole + rest)) > LARGEST:
            self.fail(f"{value} is too large: without its point it is more than 10^38", param, ctx)
        return (-size if sign else size), len(rest)


SCORE = Score()


def is_own(session: Session) -> bool:
    """Whether the agents are in the suite's own registry, which knows their data."""
    return not _other(session)


def require_own(session: Session) -> None:
    """Raises UsageError where the registry of agents knows no data."""
    if not is_own(session):
        raise UsageError("the agents' registry of this chain is not the suite's", remedy="it binds no data to agents")


def registries(session: Session, *names: str) -> Deployment:
    """The recorded contracts; under AgentIdentity the registry that the deployment took from outside, if it did."""
    other = _other(session)
    if other and REPUTATION in names:
        raise EnvironmentFault(
            f"agents of chain {session.client.chain_id} are in a registry from outside the suite, {other}",
            remedy="what is said of them is in that registry's own reputation contract",
        )
    suite = session.suite(*(name for name in names if not (other and name == IDENTITY)))
    if other:
        session.require_code(other, IDENTITY)
        suite.addresses[IDENTITY] = other
    return suite


def identity(session: Session) -> Contract:
    """The registry of agents, to read from."""
    return registries(session, IDENTITY).at(session.client, IDENTITY)


def reputation(session: Session) -> Contract:
    """What is said of agents, to read from."""
    registries(session, REPUTATION)
    return contract(session, REPUTATION)


def _other(session: Session) -> str:
    params = session.record.params
    return params.identity_registry if params else ""
