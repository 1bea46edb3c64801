"""Whether a suite is what its record says, and its record what our sources make.

Only the parameters are taken from the record. From these `suite` computes the address and the constructor arguments of
every contract. The transaction that made a contract must be a call of the factory by the deploying account, with
exactly our creation code and these arguments. The run-time code on chain must be, byte for byte, what that creation
code gives at this address in that block, immutables included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from ethwire.rpc import octets, quantity
from keifu.chain._client import ChainClient
from keifu.chain.bounds import faults
from keifu.chain.create3 import create3_address, deployment_call, salt_of
from keifu.chain.creation import Creation, arguments_of, code_hash, differences
from keifu.chain.deployments import Record
from keifu.chain.factory import made_factory
from keifu.chain.parameters import Params
from keifu.chain.roles import role_faults
from keifu.chain.services import SERVICES
from keifu.chain.settings import service_rows, setting_rows
from keifu.chain.suite import CHANNELS, COURT, FACTORY, HUB, MARKET, TIMELOCK, VERIFIER, suite
from keifu.errors import AbiError, InputError, NoAnswer, NotServed, Revert, RpcError
from keifu.units import is_address

__all__ = ["Check", "makes", "verify_suite"]

SHOWN = 90  # characters of a value in a message


ADDRESS_BYTES = 20
T = TypeVar("T")


class _Transaction(msgspec.Struct, rename={"sender": "from", "block": "blockNumber"}):
    sender: str
    nonce: str
    input: str
    to: str | None = None
    block: str | None = None  # while it waits


class _Receipt(msgspec.Struct, rename={"block": "blockNumber"}):
    block: str
    status: str


class _Block(msgspec.Struct):
    number: str
    timestamp: str


@dataclass(frozen=True)
class Check:
    """One question and its answer. `what` begins with the contract, and with its field where one is wrong."""

    what: str
    holds: bool
    detail: str = ""


Faults = Iterator[tuple[str, str]]


def verify_suite(
    client: ChainClient, record: Record, *, on_step: Callable[[str], None] = lambda name: None
) -> list[Check]:
    """All checks, contract by contract; `on_step(name)` is called before each."""
    try:
        params = record.params
    except InputError as error:
        return [Check("parameters", False, error.message)]
    if params is None:
        return [Check("parameters", False, "the record has none")]
    checks = [Check(f"parameters: {fault}", False) for fault in faults(params, public=True)]
    checks = checks or [Check("parameters are within their bounds", True)]
    for field in ("deployer", "factory"):
        if not is_address(getattr(record, field)):
            return [*checks, Check(field, False, f"the record has {getattr(record, field)!r}, no address")]
    try:
        expected = _expected(client, record, params)
    except AbiError as error:
        return [*checks, Check("parameters", False, error.message)]
    checks += [*_whole(record, [creation.contract for creation in expected]), *_beginning(record)]
    on_step(FACTORY)
    checks += _factory(client, record)
    for creation in expected:
        on_step(creation.contract)
        checks += _contract(client, record, creation)
    if _hold(checks, TIMELOCK):
        checks += _roles(client, record, params)
    if _hold(checks, HUB, *(item.contract for item in SERVICES)):
        checks += [Check(*row) for row in service_rows(client, record)]
        if _hold(checks, VERIFIER, MARKET, CHANNELS):
            checks += [Check(*row) for row in setting_rows(client, record)]
    outside = (
        (f"{COURT} takes seeds from outside the suite", params.randomness),
        ("accounts of tokens are made by a registry from outside the suite", params.account_registry),
        ("agents are numbered by a registry from outside the suite", params.identity_registry),
    )
    return [*checks, *(Check(what, True, f"look at {address}") for what, address in outside if address)]


def _hold(checks: list[Check], *contracts: str) -> bool:
    """Whether nothing was found about these contracts, so that they can be asked."""
    return all(check.holds for check in checks if check.what.startswith(contracts))


def _expected(client: ChainClient, record: Record, params: Params) -> list[Creation]:
    def address_of(label: str) -> str:
        return create3_address(record.factory, record.deployer, salt_of(label))

    return [
        Creation.planned(step, address_of(step.label), client.load(step.contract).interface)
        for step in suite(params, address_of)
    ]


def _whole(record: Record, expected: list[str]) -> Iterator[Check]:
    for name in expected:
        if name not in record.creations:
            yield Check(f"{name} is in the record", False)
    for name in record.creations:
        if name not in expected and name != FACTORY:
            yield Check(f"{name} belongs to the suite", False)


def _beginning(record: Record) -> Iterator[Check]:
    """Commands read events from `first_block` on: one that is too late would hide what happened before it."""
    earliest = min((made.block for name, made in record.creations.items() if name != FACTORY), default=0)
    if record.first_block > earliest:
        yield Check("first_block", False, _says("the record has", record.first_block, f"{earliest} or less"))


def _factory(client: ChainClient, record: Record) -> list[Check]:
    """It has no immutables: its code is one and the same everywhere. One row when all is right, else one a fault."""
    code, recorded = client.code(record.factory), record.creations[FACTORY]
    if hashlib.sha256(code).hexdigest() != client.load(FACTORY).runtime_sha256:
        return [Check(f"{FACTORY} runs our code", False, record.factory)]
    plain = Creation.plain(FACTORY, record.factory, client.load(FACTORY).interface)
    found = [*_recorded_faults(recorded, plain), *_factory_faults(client, record, recorded)]
    if recorded.code_hash != code_hash(code):
        found.append(("code_hash", _says("the record has", recorded.code_hash, code_hash(code))))
    rows = [Check(f"{FACTORY}.{field}", False, detail) for field, detail in dict(found).items()]
    return rows or [Check(f"{FACTORY} runs our code", True, record.factory)]


def _factory_faults(client: ChainClient, record: Record, recorded: Creation) -> Faults:
    """The transaction that made it. One that was there before the suite may have none in the record."""
    if not recorded.transaction and not recorded.block:
        return
    transaction = _read(client, _Transaction, "eth_getTransactionByHash", recorded.transaction)
    if transaction is None:
        yield "transaction", f"this node has no transaction {recorded.transaction or 'for it'}"
        return
    sender, url = _sender(client, transaction), client.rpc.url
    nonce, data = quantity(transaction.nonce, "its nonce", url), octets(transaction.input, "its data", url)
    made = made_factory(sender, nonce, transaction.to, data, client.load(FACTORY).creation_code)
    if (sender, made) != (record.deployer, record.factory):
        yield "transaction", "it did not make the factory by the deploying account"
    elif (block := quantity(transaction.block, "the transaction's block", client.rpc.url)) != recorded.block:
        yield "block", _says("the record has", recorded.block, block)


def _contract(client: ChainClient, record: Record, expected: Creation) -> list[Check]:
    """One row when all is right, else a row for each fault."""
    name, recorded = expected.contract, record.creations.get(expected.contract)
    if recorded is None:
        return []
    found = [
        *_recorded_faults(recorded, expected),
        *_creation_faults(client, record, recorded, expected),
        *_code_faults(client, recorded, expected),
    ]
    if found:
        return [Check(f"{name}.{field}", False, detail) for field, detail in dict(found).items()]
    return [Check(f"{name} is ours: arguments, transaction, whole run-time code", True, recorded.address)]


def _recorded_faults(recorded: Creation, expected: Creation) -> Faults:
    """What the record says, against what follows from its parameters, deployer and factory."""
    for field in ("contract", "label", "address"):
        if getattr(recorded, field) != getattr(expected, field):
            yield field, _says("the record has", getattr(recorded, field), getattr(expected, field))
    for argument, found, right in differences(recorded.arguments, expected.arguments):
        yield argument, _says("the record has", found, right)
    if recorded.abi_hash not in ("", expected.abi_hash):
        yield "abi_hash", _says("the record has", recorded.abi_hash, expected.abi_hash)
    if recorded.arguments == expected.arguments and recorded.encoded != expected.encoded:
        yield "encoded", "the record's encoded arguments are not its arguments"


def _creation_faults(client: ChainClient, record: Record, recorded: Creation, expected: Creation) -> Faults:
    """The transaction that made it, against the one that should have."""
    transaction = _read(client, _Transaction, "eth_getTransactionByHash", recorded.transaction)
    receipt = _read(client, _Receipt, "eth_getTransactionReceipt", recorded.transaction)
    if transaction is None or receipt is None:
        yield "transaction", f"this node has no transaction {recorded.transaction or 'for it'}"
        return
    url = client.rpc.url
    if (block := quantity(receipt.block, "the receipt's block", url)) != recorded.block:
        yield "block", _says("the record has", recorded.block, block)
    status = quantity(receipt.status, "the receipt's status", url)
    ends = (_sender(client, transaction), (transaction.to or "").lower(), status)
    if ends != (record.deployer, record.factory, 1):
        yield "transaction", "it is no call of the factory by the deploying account"
        return
    packaged = client.load(expected.contract)
    init_code = packaged.creation_code + expected.encoded_bytes
    sent = octets(transaction.input, "the transaction's data", url)
    call = deployment_call(client.load(FACTORY).interface, expected.label, init_code)
    if sent != call:
        yield from _sent_faults(sent, call, packaged, expected)


def _sent_faults(sent: bytes, call: bytes, packaged: Any, expected: Creation) -> Faults:
    """Which argument, or what else, of the transaction is another one."""
    head = 4 + 3 * 32  # selector, salt, offset, length
    length = int.from_bytes(sent[head - 32 : head], "big")
    init_code = sent[head : head + length]
    arguments = arguments_of(packaged.interface, init_code[len(packaged.creation_code) :])
    if sent[: 4 + 64] != call[: 4 + 64] or not init_code.startswith(packaged.creation_code) or arguments is None:
        yield "transaction", "it does not make this contract with our creation code"
        return
    named = list(differences(arguments, expected.arguments))
    for argument, found, right in named:
        yield argument, _says("the chain has", found, right)
    if not named:
        yield "transaction", "its data is not what makes this contract"


def _code_faults(client: ChainClient, recorded: Creation, expected: Creation) -> Faults:
    code = client.code(expected.address)
    if recorded.code_hash != code_hash(code):
        yield "code_hash", _says("the record has", recorded.code_hash, code_hash(code))
    init_code = client.load(expected.contract).creation_code + expected.encoded_bytes
    if not code or not makes(client, init_code, expected.address, recorded.block, code):
        yield "code", "the run-time code is not what these arguments make"


def makes(client: ChainClient, init_code: bytes, address: str, block: int, code: bytes) -> bool:
    """Whether the creation code, run at this address in that block, gives this run-time code.

    It stands in for the account's code for one call, so that the constructor sees its own address, as EIP-712 domains
    need; number and time are those of the block. Asked of the newest state first, which every node has.
    """
    header = _read(client, _Block, "eth_getBlockByNumber", hex(block), False)
    if header is None:
        return False
    for number, what in ((header.number, "number"), (header.timestamp, "time")):
        quantity(number, f"the {what} of block {block}", client.rpc.url)
    request = {"to": address, "gas": hex(30_000_000)}
    state = {address: {"code": "0x" + init_code.hex()}}
    then = {"number": header.number, "time": header.timestamp}
    for where in (["latest", state, then], [header.number, state]):
        if _read(client, str, "eth_call", request, *where) == "0x" + code.hex():
            return True
    return False


def _roles(client: ChainClient, record: Record, params: Params) -> Iterator[Check]:
    timelock, holders = client.at(record.contracts[TIMELOCK], TIMELOCK), record.held_by
    assert holders is not None
    block = record.creations[TIMELOCK].block
    found = list(role_faults(client, timelock, params.timelock_delay, holders, block))
    for field, detail in found:
        yield Check(f"{TIMELOCK}.{field}", False, detail)
    if not found:
        held = f"{len(holders.proposers)} may propose, {len(holders.executors)} may execute"
        yield Check(f"{TIMELOCK} is held by whom the record names, and by nobody else", True, held)


def _sender(client: ChainClient, transaction: _Transaction) -> str:
    if len(octets(transaction.sender, "the transaction's sender", client.rpc.url)) != ADDRESS_BYTES:
        raise NoAnswer(f"the transaction's sender is {transaction.sender[:SHOWN]}, no address", url=client.rpc.url)
    return transaction.sender.lower()


def _read(client: ChainClient, kind: type[T], method: str, *params: Any) -> T | None:
    """None when the node has it not, or refuses, as it does for what is malformed, pruned or too old."""
    try:
        return client.rpc.call_as(kind, method, *params)
    except (NotServed, Revert):
        return None
    except RpcError as error:
        if error.code:
            return None
        raise


def _says(who: str, found: Any, right: Any) -> str:
    return f"{who} {_shown(found)}, right is {_shown(right)}"


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
