"""What the hub says about an operator, in one record. Amounts are wei."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.logs import find_logs
from keifu.keys import keccak256

__all__ = ["OperatorStatus", "find_operators", "read_operator", "read_operators"]

TERMS_ANNOUNCED = "0x" + keccak256(b"TermsAnnounced(address,uint256,uint256,string)").hex()


@dataclass(frozen=True)
class OperatorStatus:
    """One operator's stake; `price` is what a share is worth, coins (1 until delegators are slashed)."""

    operator: str
    bond: int
    bond_leaving: int
    delegated: int
    unbonding: int
    committed: int
    commission_bps: int
    jailed: bool
    price: float
    credit: int

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        return {key: str(value) if type(value) is int else value for key, value in asdict(self).items()}


def read_operator(hub: Contract, operator: str) -> OperatorStatus:
    """Read one operator; an unknown one has nothing at stake."""
    bond, leaving, _, jailed, delegated, shares, _, unbonding, committed, commission, _ = hub.operator_state(operator)
    return OperatorStatus(
        operator=operator,
        bond=bond,
        bond_leaving=leaving,
        delegated=delegated,
        unbonding=unbonding,
        committed=committed,
        commission_bps=commission,
        jailed=jailed > 0,
        price=delegated / shares if shares else 1.0,
        credit=hub.credit(operator),
    )


def read_operators(hub: Contract, operators: Iterable[str]) -> list[OperatorStatus]:
    return [read_operator(hub, operator) for operator in operators]


def find_operators(client: ChainClient, hub: Contract, *, first_block: int = 0) -> list[str]:
    """Every operator that has announced terms, in order of its first announcement. `first_block` is the hub's own."""
    logs = find_logs(client, hub.address, [TERMS_ANNOUNCED, None], first_block)
    return list(dict.fromkeys("0x" + log.topics[1][-40:] for log in logs))
