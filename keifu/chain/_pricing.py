"""What a transaction offers for gas, and how much gas it may use. Nothing here talks to a node."""

from __future__ import annotations

from typing import Any

from ethwire.constants import GWEI
from ethwire.rpc import quantity as checked
from keifu.chain._transaction import Fees
from keifu.errors import RpcError

__all__ = ["MAX_FEE", "fresh_fees", "gas_limit", "intrinsic_gas", "quantity", "raised", "suggested_tip"]

LEAST_TIP = GWEI
# Nodes of 0G say that a tip of 1 wei will do, and refuse what offers less than 2 gwei.
LEAST_TIPS = {16_661: 2 * GWEI, 16_602: 2 * GWEI}
MAX_TIP = 50 * GWEI  # whatever a node suggests
MAX_FEE = 1_000 * GWEI  # for a unit of gas, tip included: what nobody wants to pay by mistake
# Pools take the place of a transaction by another only for a tenth more, in fee and in tip.
LEAST_RAISE_PERCENT = 10
RAISE_PERCENT = 25

GAS_MARGIN_PERCENT = 25  # an estimate is exact for one state; the next block may be another
# The first call of an epoch does the work of its turn as well. Measured for the nine calls of the staking hub, mined in
# the first block of an epoch and estimated in the block before: 28,000 to 85,000 more, whatever the call itself takes
# (27,000 to 110,000), and again that much where a call touches a second operator. A percentage of the estimate
# would be too little for the small calls, or far too much for the large ones. Gas that is not used is not paid for.
ROLLOVER_GAS = 150_000

BASE_GAS, CREATION_GAS = 21_000, 32_000
ZERO_BYTE_GAS, BYTE_GAS = 4, 16
INIT_WORD_GAS, WORD = 2, 32  # EIP-3860


def quantity(answer: Any, what: str) -> int:
    """A number as JSON-RPC writes it. Raises RpcError for anything else."""
    try:
        return checked(answer, what)
    except RpcError:
        raise RpcError(f"{what}: the node answered {answer!r:.200} in the place of a number") from None


def suggested_tip(answer: Any, what: str) -> int:
    """What a node says of eth_maxPriorityFeePerGas; 0 when it has no such method, or no opinion. Raises RpcError for
    what is no number."""
    return 0 if isinstance(answer, Exception) or answer is None else quantity(answer, what)


def fresh_fees(chain_id: int, base_fee: int, suggested_tip: int, most_fee: int = MAX_FEE) -> Fees:
    """Twice the base fee plus a tip: enough for six full blocks in a row. Never above `most_fee`."""
    tip = max(LEAST_TIPS.get(chain_id, LEAST_TIP), min(suggested_tip, MAX_TIP))
    return Fees(max_fee=min(2 * base_fee + tip, most_fee), priority=min(tip, most_fee))


def raised(old: Fees, fresh: Fees, most_fee: int = MAX_FEE) -> Fees | None:
    """What a replacement offers: the market's fees, and so much more than before that pools take it. None when that
    would be above `most_fee`."""
    wanted = Fees(
        max_fee=min(max(fresh.max_fee, _more(old.max_fee, RAISE_PERCENT)), most_fee),
        priority=max(fresh.priority, _more(old.priority, RAISE_PERCENT)),
    )
    wanted = Fees(wanted.max_fee, min(wanted.priority, wanted.max_fee))
    least = Fees(_more(old.max_fee, LEAST_RAISE_PERCENT), _more(old.priority, LEAST_RAISE_PERCENT))
    return wanted if wanted.max_fee >= least.max_fee and wanted.priority >= least.priority else None


def gas_limit(estimate: int, data: bytes, block_limit: int) -> int:
    """The limit of a transaction for which a node has estimated so much."""
    if not data and estimate <= BASE_GAS:
        return estimate  # ether for a plain account: no code runs, nothing can change
    ample = estimate * (100 + GAS_MARGIN_PERCENT) // 100 + ROLLOVER_GAS
    return max(estimate, min(ample, block_limit))


def intrinsic_gas(to: str | None, data: bytes) -> int:
    """What a transaction takes before its first instruction; no chain accepts one that brings less."""
    zeros = data.count(0)
    gas = BASE_GAS + zeros * ZERO_BYTE_GAS + (len(data) - zeros) * BYTE_GAS
    if to is None:
        gas += CREATION_GAS + INIT_WORD_GAS * -(-len(data) // WORD)
    return gas


def _more(amount: int, percent: int) -> int:
    return -(-amount * (100 + percent) // 100)
