"""The sources of a suite sent to explorers, each of which compiles them and compares with the chain.

What is sent is Vyper's standard JSON. Before it leaves, it is compiled here, and has to give the packaged code.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from keifu.abi import load
from keifu.chain.creation import Creation
from keifu.chain.deployments import Record
from keifu.deploy.sources import ROOT, compiler
from keifu.errors import CheckFailed, EnvironmentFault

__all__ = ["KINDS", "Explorer", "Published", "publish", "standard_input"]

KINDS = ("etherscan", "sourcify", "blockscout")
EVM = "cancun"
PACKAGES = "site-packages"
POLLS, SECONDS_A_POLL = 60, 2.0
ANSWER_SECONDS = 60.0
COMPILE_SECONDS = 300.0


@dataclass(frozen=True)
class Published:
    """What an explorer said of one contract."""

    contract: str
    holds: bool
    said: str


@dataclass(frozen=True)
class Explorer:
    """Where an explorer is, and of which kind. The key is Etherscan's, and never shown."""

    kind: str
    url: str
    key: str = ""
    sleep: Callable[[float], None] = time.sleep


def standard_input(contract: str) -> dict[str, Any]:
    """Everything that the compiler reads for a contract, with names that say nothing of this machine.

    Raises EnvironmentFault outside a clone, CheckFailed when it does not give the packaged code.
    """
    source = _source_of(contract)
    text = _run("vyper", "-f", "solc_json", "-p", ".", source)
    made: dict[str, Any] = json.loads(text)
    found = {
        "language": "Vyper",
        "sources": {_plain(name): value for name, value in made["sources"].items()},
        "settings": {
            "evmVersion": EVM,
            "search_paths": [PACKAGES, "."],
            "outputSelection": {source: ["evm.bytecode", "evm.deployedBytecode", "abi"]},
        },
    }
    compiled = json.loads(_run("vyper-json", given=json.dumps(found)))
    code = compiled["contracts"][source][Path(source).stem]["evm"]["bytecode"]["object"]
    if bytes.fromhex(code.removeprefix("0x")) != load(contract).creation_code:
        raise CheckFailed(f"the sources of {contract} do not give the packaged code", remedy="look at the working tree")
    return found


def publish(explorer: Explorer, record: Record, contracts: list[str]) -> Iterator[Published]:
    """Send one contract after the other, and wait for what the explorer finds."""
    send = {"etherscan": _etherscan, "sourcify": _sourcify, "blockscout": _blockscout}[explorer.kind]
    with httpx.Client(base_url=explorer.url.rstrip("/"), timeout=ANSWER_SECONDS) as client:
        for contract in contracts:
            made = record.creations[contract]
            try:
                said = send(client, explorer, record, made, standard_input(contract))
            except (httpx.HTTPError, ValueError, KeyError) as error:
                fault = f"{explorer.url} did not take {contract}: {_fault_of(error)}"
                remedy = "is this the explorer's address, and of this kind?"
                # The error itself names the address that was asked, and Etherscan's key in it.
                raise EnvironmentFault(_without(explorer.key, fault), remedy=remedy) from None
            yield Published(contract, said in _RIGHT, _without(explorer.key, said))


def _fault_of(error: Exception) -> str:
    answer = error.response if isinstance(error, httpx.HTTPStatusError) else None
    return f"it answered {answer.status_code}" if answer is not None else str(error)


def _without(key: str, text: str) -> str:
    """Explorers repeat the key that they were given."""
    return text.replace(key, "…") if key else text


_ALREADY = "Contract source code already verified"  # what Etherscan says when it is asked again
_RIGHT = (_ALREADY, "Pass - Verified", "Already Verified", "exact_match", "match", "verified")


def _etherscan(client: httpx.Client, explorer: Explorer, record: Record, made: Creation, given: dict[str, Any]) -> str:
    """Etherscan's API, version 2, and every explorer that copies it."""
    where = {"chainid": str(record.chain_id), "module": "contract", "apikey": explorer.key}
    source = _source_of(made.contract)
    form = {
        "codeformat": "vyper-json",
        "sourceCode": json.dumps(given),
        "constructorArguments": made.encoded[2:],
        "contractaddress": made.address,
        "contractname": f"{source}:{made.contract}",
        "compilerversion": f"vyper:{compiler().removeprefix('vyper ')}",
        "optimizationUsed": "1",
    }
    answer = client.post("/v2/api", params={**where, "action": "verifysourcecode"}, data=form).raise_for_status().json()
    if answer["status"] != "1":
        return str(answer["result"])
    for _ in range(POLLS):
        asked = {**where, "action": "checkverifystatus", "guid": answer["result"]}
        said = str(client.get("/v2/api", params=asked).raise_for_status().json()["result"])
        if not said.startswith("Pending"):
            return said
        explorer.sleep(SECONDS_A_POLL)
    return "no answer in time"


def _sourcify(client: httpx.Client, explorer: Explorer, record: Record, made: Creation, given: dict[str, Any]) -> str:
    body = {
        "stdJsonInput": given,
        "compilerVersion": _long_version(),
        "contractIdentifier": f"{_source_of(made.contract)}:{made.contract}",
        **({"creationTransactionHash": made.transaction} if made.transaction else {}),
    }
    first = client.post(f"/v2/verify/{record.chain_id}/{made.address}", json=body)
    if first.status_code == httpx.codes.CONFLICT:
        return "match"
    ticket = first.raise_for_status().json()["verificationId"]
    for _ in range(POLLS):
        found = client.get(f"/v2/verify/{ticket}").raise_for_status().json()
        if found["isJobCompleted"]:
            return str(found.get("contract", {}).get("match") or found.get("error", {}).get("message", "no match"))
        explorer.sleep(SECONDS_A_POLL)
    return "no answer in time"


def _blockscout(client: httpx.Client, explorer: Explorer, record: Record, made: Creation, given: dict[str, Any]) -> str:
    del record
    where = f"/api/v2/smart-contracts/{made.address}"
    form = {"compiler_version": f"v{_long_version()}", "license_type": "mit", "evm_version": EVM}
    files = {"files[0]": (f"{made.contract}.json", json.dumps(given).encode(), "application/json")}
    client.post(f"{where}/verification/via/vyper-standard-input", data=form, files=files).raise_for_status()
    for _ in range(POLLS):
        found = client.get(where)
        if found.status_code == httpx.codes.OK and found.json().get("is_verified"):
            return "verified"
        explorer.sleep(SECONDS_A_POLL)
    return "not verified in time"


def _source_of(contract: str) -> str:
    found = sorted((ROOT / "contracts").rglob(f"{contract}.vy"))
    if not found:
        raise EnvironmentFault(f"no source of {contract} is here", remedy="run this in a clone, after `make setup`")
    return found[0].relative_to(ROOT).as_posix()


def _plain(name: str) -> str:
    _, packages, rest = name.rpartition(f"/{PACKAGES}/")
    return f"{PACKAGES}/{rest}" if packages else name


def _long_version() -> str:
    return _run("vyper", "--version").strip()


def _run(program: str, *arguments: str, given: str = "") -> str:
    """One of the compiler's programs, which stand beside this Python."""
    command = [str(Path(sys.executable).parent / program), *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # our own words
            command, cwd=ROOT, input=given, capture_output=True, text=True, check=True, timeout=COMPILE_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EnvironmentFault(f"{program} does not run: {error}", remedy="run `make setup` in a clone") from error
    return done.stdout
