"""What a chain can do, found out before anything is sent to it: by what its opcodes and precompiles answer, not by
what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from ethwire.constants import GWEI
from ethwire.rpc import Rpc, quantity
from keifu.chain._pricing import BASE_GAS, fresh_fees
from keifu.chain._transaction import Fees, sign_transaction
from keifu.chain.factory import PROXY, PROXY_CODE
from keifu.chain.finality import final_depth
from keifu.chain.header import genesis_of
from keifu.errors import EnvironmentFault, Revert, RpcError
from keifu.keys import Account

__all__ = ["LEAST_BLOCK_GAS", "Probe", "probe", "require_fit"]

LEAST_BLOCK_GAS = 8_000_000  # the largest contract of the suite takes six
SEEDS_SEEN = 8  # blocks whose prevrandao is looked at
RECEIPTS_SEEN = 64  # blocks in which a transaction is looked for
# Creation code that ends well only where the opcode is there, by the fork that brought it.
_OPCODES = (
    ("shanghai", "PUSH0", "5f5ff3"),
    ("cancun", "MCOPY", "60006000600060005e60006000f3"),
    ("cancun", "TLOAD", "60005c5060006000f3"),
    ("osaka", "CLZ", "60001e5060006000f3"),
)
_G1_ADD = ("0x" + "0b".rjust(40, "0"), "00" * 256, "00" * 128)  # prague's: infinity and infinity
_WORD = "00" * 31
# Questions to precompiles that the suite calls, with the answers: (name, number, input, output).
_PRECOMPILES = (
    ("ecrecover", 1, "18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c" + _WORD + "1c"
     "73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f"
     "eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549",
     "000000000000000000000000a94f5374fce5edbc8e2a8697c15331677e6ebf0b"),
    ("sha256", 2, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("identity", 4, "2a", "2a"),
    ("modexp", 5, (_WORD + "01") * 3 + "030507", "05"),
    ("ecadd", 6, "00" * 128, "00" * 64),
    ("ecmul", 7, "00" * 96, "00" * 64),
    ("ecpairing", 8, "", _WORD + "01"),
)  # fmt: skip
# A pool that refuses for the price, in the words of geth, Nethermind, reth, Besu, Erigon and Cosmos; and what they say
# of the least, if they do.
_PRICE = re.compile(r"underpriced|\btip\b|fee|price|minimum", re.IGNORECASE)
_FUNDS = re.compile(r"funds|balance", re.IGNORECASE)
_FLOOR = re.compile(
    r"(?:minimum needed|tip needed|higher than|minimum required priority fee|too low \d+ <|below.*?) (\d+)",
    re.IGNORECASE,
)
_CLIMB = tuple(2**step * GWEI for step in range(6))  # tips that are tried where a refusal names no number


class Probe(msgspec.Struct, frozen=True):
    """One chain at one block. Fees in wei."""

    chain_id: int
    genesis: str
    block: int
    hardfork: str  # the newest whose opcodes work
    lacking: tuple[str, ...]  # opcodes and precompiles that the suite needs
    base_fee: int
    tip: int  # what a transaction has to offer, not what the node says
    said_tip: int
    block_gas: int
    has_proxy: bool  # else the factory, and so every address, is another one than elsewhere
    prevrandao: str  # "" when it differs from block to block, else what is wrong with it
    final: str  # "served", or how many blocks are waited for
    late_receipts: bool  # a transaction of a block has no receipt yet

    @property
    def max_fee(self) -> int:
        """What a unit of gas is offered at most."""
        return fresh_fees(self.chain_id, self.base_fee, self.tip).max_fee

    def faults(self, *, seeds: str, randomness: str) -> Iterator[str]:
        """Why the suite cannot be deployed, or could not work, with these sources of seeds."""
        yield from (f"the chain lacks {name}" for name in self.lacking)
        if self.block_gas < LEAST_BLOCK_GAS:
            yield f"a block holds {self.block_gas:,} gas, the largest contract needs {LEAST_BLOCK_GAS:,}"
        if self.prevrandao and seeds == "prevrandao" and not randomness:
            yield f"{self.prevrandao}: choose seeds = drand or commit-reveal, or name a source as randomness"

    def notes(self) -> Iterator[str]:
        """What a reader should know beside it."""
        if not self.has_proxy:
            yield f"no deployment proxy at {PROXY}: the addresses are other ones than on other chains"
        if self.tip > self.said_tip:
            yield f"the node says that a tip of {self.said_tip} wei will do, and takes {self.tip} at least"
        if self.late_receipts:
            yield "receipts come later than blocks: each step waits for its own"
        if self.final != "served":
            yield f"the node names no final block: {self.final} are waited for"


def probe(rpc: Rpc) -> Probe:
    """Ask everything. Sends nothing that could ever be in a block. Raises EnvironmentFault when the node cannot say
    what its newest block is."""
    chain_id = rpc.chain_id()
    newest = rpc.call("eth_getBlockByNumber", "latest", False)
    if not isinstance(newest, dict):
        raise EnvironmentFault(f"{rpc.url} has no newest block", remedy="wait until it follows its chain")
    number, base = (_number(newest, name, rpc.url) for name in ("number", "baseFeePerGas"))
    hardfork, lacking = _machine(rpc)
    said = _said_tip(rpc)
    floor = fresh_fees(chain_id, base, max(said, _floor(rpc, chain_id, base))).priority
    return Probe(
        chain_id=chain_id,
        genesis=genesis_of(rpc),
        block=number,
        hardfork=hardfork,
        lacking=lacking,
        base_fee=base,
        tip=floor,
        said_tip=said,
        block_gas=_number(newest, "gasLimit", rpc.url),
        has_proxy=rpc.call("eth_getCode", PROXY, "latest") == "0x" + PROXY_CODE.hex(),
        prevrandao=_prevrandao(rpc, number),
        final=_final(rpc, chain_id),
        late_receipts=_late_receipts(rpc, number),
    )


def require_fit(found: Probe, *, seeds: str, randomness: str) -> None:
    """Raises EnvironmentFault naming everything that is in the way."""
    if faults := list(found.faults(seeds=seeds, randomness=randomness)):
        raise EnvironmentFault(f"chain {found.chain_id}: {'; '.join(faults)}", remedy="choose another chain or plan")


def _machine(rpc: Rpc) -> tuple[str, tuple[str, ...]]:
    """The newest fork whose opcodes work, and what the suite needs and does not find."""
    works = {name: _answer(rpc, {"data": f"0x{code}"}) is not None for _, name, code in _OPCODES}
    forks = {fork: all(works[name] for of, name, _ in _OPCODES if of == fork) for fork, _, _ in _OPCODES}
    where, question, answer = _G1_ADD
    prague = _answer(rpc, {"to": where, "data": f"0x{question}"}) == f"0x{answer}"
    hardfork = "paris"
    for fork, there in (*list(forks.items())[:2], ("prague", prague), ("osaka", forks["osaka"])):
        if not there:
            break
        hardfork = fork
    lacking = [f"the opcode {name}" for fork, name, _ in _OPCODES if fork != "osaka" and not works[name]]
    for name, place, data, right in _PRECOMPILES:
        if _answer(rpc, {"to": f"0x{place:040x}", "data": f"0x{data}"}) != f"0x{right}":
            lacking.append(f"the precompile {name} ({place})")
    return hardfork, tuple(lacking)


def _answer(rpc: Rpc, request: dict[str, str]) -> Any:
    """What a call gives; None when the machine cannot run it. Raises RpcError when nobody answered."""
    try:
        return rpc.call("eth_call", request, "latest")
    except Revert:
        return None
    except RpcError as error:
        if error.code:
            return None
        raise


def _said_tip(rpc: Rpc) -> int:
    try:
        return quantity(rpc.call("eth_maxPriorityFeePerGas"), "the tip", rpc.url)
    except RpcError:
        return 0


def _floor(rpc: Rpc, chain_id: int, base: int) -> int:
    """The least tip that the pool takes: it says so when it refuses one of 1 wei, or takes no offence at a larger one.
    The transaction is of an account that nobody has heard of and that has nothing, so it can never be in a block."""
    nobody = Account.random()

    def refusal(tip: int) -> str:
        """Why the pool does not take it, if that is for its price."""
        fees = Fees(fresh_fees(chain_id, base, tip).max_fee, tip)
        raw, _ = sign_transaction(
            nobody, chain_id=chain_id, nonce=0, fees=fees, gas=BASE_GAS, to=nobody.address, value=GWEI, data=b""
        )
        try:
            rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        except (RpcError, Revert) as error:
            return error.message if _PRICE.search(error.message) and not _FUNDS.search(error.message) else ""
        return ""

    if not (said := refusal(1)):
        return 0
    if found := _FLOOR.search(said):
        return int(found[1])
    return next((tip for tip in _CLIMB if not refusal(tip)), 0)


def _prevrandao(rpc: Rpc, newest: int) -> str:
    """What is wrong with the chain's prevrandao; "" for nothing. The first block is not looked at: its value is made
    up by who writes it."""
    first = max(1, newest - SEEDS_SEEN + 1)
    blocks = [rpc.call("eth_getBlockByNumber", hex(number), False) for number in range(first, newest + 1)]
    values = [str(block.get("mixHash") or "0x0") for block in blocks if isinstance(block, dict)]
    if values and all(int(value, 16) < 2**64 for value in values):
        return f"prevrandao was no random number in the last {len(values)} blocks"
    if len(values) > 1 and len(set(values)) == 1:
        return f"prevrandao was the same in the last {len(values)} blocks"
    return ""


def _final(rpc: Rpc, chain_id: int) -> str:
    try:
        block = rpc.call("eth_getBlockByNumber", "finalized", False)
    except RpcError:
        block = None
    return "served" if isinstance(block, dict) else f"{final_depth(chain_id)} blocks"


def _late_receipts(rpc: Rpc, newest: int) -> bool:
    """Whether the newest transaction, if one is near, has no receipt."""
    for number in range(newest, max(-1, newest - RECEIPTS_SEEN), -1):
        block = rpc.call("eth_getBlockByNumber", hex(number), False)
        if isinstance(block, dict) and (hashes := block.get("transactions")):
            return rpc.call("eth_getTransactionReceipt", hashes[-1]) is None
    return False


def _number(block: dict[str, Any], name: str, url: str) -> int:
    return quantity(block.get(name, "0x0"), f"the newest block's {name}", url)
