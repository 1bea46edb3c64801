"""Decisions of the timelock as batches that people review: calls by name in a TOML file, tried before they are queued,
and the same for a Safe's transaction builder.

    [[call]]
    contract = "Channels"
    function = "setFee"
    arguments = [50]
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from keifu.abi import FunctionAbi
from keifu.chain import ChainClient
from keifu.chain.deployments import Record
from keifu.chain.services import NOTHING, SERVICES, own_horizon
from keifu.chain.settings import Views
from keifu.chain.suite import HUB, TIMELOCK
from keifu.chain.timelock import Batch, in_words
from keifu.errors import AbiError, InputError, Revert
from keifu.keys import checksum

__all__ = ["listing_batch", "read_changes", "safe_file", "safe_files", "try_out"]


def read_changes(client: ChainClient, record: Record, path: Path) -> Batch:
    """The calls of a file, as one batch. Raises InputError naming the file and the call that is wrong."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("call")
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML file: {error}") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} has no call", remedy="[[call]] with contract, function and arguments")
    calls = tuple(_call(client, record, row, f"{path.name}, call {place}") for place, row in enumerate(rows, 1))
    return Batch(record.contracts[TIMELOCK], calls)


def listing_batch(client: ChainClient, record: Record, agreed: Mapping[str, int] = NOTHING) -> Batch:
    """The services of the suite that the hub does not have yet, by their own terms; `agreed` as for `list_services`."""
    hub = client.at(record.contracts[HUB], HUB)
    calls = []
    for service in SERVICES:
        address = record.contracts[service.contract]
        if not hub.service(address)[0]:
            terms = (address, own_horizon(Views(client), service, address, agreed), service.max_multiple)
            calls.append(_named(hub.interface.function("list_service", len(terms)), HUB, hub.address, terms))
    return Batch(record.contracts[TIMELOCK], tuple(calls))


def try_out(client: ChainClient, batch: Batch) -> None:
    """Call each as the timelock would, without effect. Raises Revert with the reason of the first that is refused: a
    call that only works after another one of the batch is tried without it."""
    for target, payload, words in batch.calls:
        request = {"from": batch.timelock, "to": target, "data": "0x" + payload.hex()}
        try:
            client.rpc.call("eth_call", request, "latest")
        except Revert as refusal:
            refusal.remedy = f"{words} is refused: nothing was queued"
            raise


def safe_files(client: ChainClient, batch: Batch, path: Path, sender: str = "") -> list[Path]:
    """Two files for a Safe's transaction builder: one queues the batch in the timelock, one executes it later."""
    timelock = client.at(batch.timelock, TIMELOCK)
    delay = timelock.get_minimum_delay()
    datas: dict[str, bytes] = {
        "schedule": batch.scheduling(timelock.interface, delay),
        "execute": batch.executing(timelock.interface),
    }
    words = "; ".join(text for _, _, text in batch.calls)
    return [safe_file(client, batch.timelock, verb, data, words, path, sender) for verb, data in datas.items()]


def safe_file(
    client: ChainClient, timelock: str, verb: str, data: bytes, words: str, path: Path, sender: str = ""
) -> Path:
    """One call of the timelock as a file for a Safe's transaction builder, beside `path`; where it is."""
    document = {
        "version": "1.0",
        "chainId": str(client.chain_id),
        "createdAt": client.now * 1_000,
        "meta": {"name": f"{verb} in the timelock", "description": words, "createdFromSafeAddress": sender},
        "transactions": [
            {
                "to": checksum(timelock),
                "value": "0",
                "data": "0x" + data.hex(),
                "contractMethod": None,
                "contractInputsValues": None,
            }
        ],
    }
    target = path.with_name(f"{path.stem}.{verb}.json")
    target.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    return target


def _call(client: ChainClient, record: Record, row: dict[str, Any], where: str) -> tuple[str, bytes, str]:
    unknown = row.keys() - {"contract", "function", "arguments"}
    name, function, arguments = row.get("contract"), row.get("function"), row.get("arguments", [])
    if unknown or not isinstance(name, str) or not isinstance(function, str) or not isinstance(arguments, list):
        raise InputError(f"{where}: a call has contract, function and arguments")
    if name not in record.contracts:
        raise InputError(f"{where}: no {name} is recorded", remedy=f"there are: {', '.join(record.contracts)}")
    try:
        found = client.load(name).interface.function(function, len(arguments))
        if found.is_view:
            raise InputError(f"{where}: {name}.{function} changes nothing")
        return _named(found, name, record.contracts[name], tuple(map(_value, arguments)))
    except AbiError as error:
        raise InputError(f"{where}: {error.message}") from error
    except ValueError as error:
        raise InputError(f"{where}: {error}", remedy="bytes are written in hex: 0x and two digits each") from error


def _value(value: Any) -> Any:
    """Bytes are written in hex; an address stays text."""
    is_bytes = isinstance(value, str) and value.startswith("0x") and len(value) != len("0x") + 40
    return bytes.fromhex(value[2:]) if is_bytes else value


def _named(function: FunctionAbi, contract: str, address: str, arguments: tuple[Any, ...]) -> tuple[str, bytes, str]:
    return address, function.encode(arguments), in_words(contract, function, arguments)
