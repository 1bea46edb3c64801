"""`tge verify`: everything recomputed from the CSV and read from the chain, and compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from keifu.chain import ChainClient, Deployment
from keifu.chain.protocol import Distribution
from keifu.tge.chain import DISTRIBUTOR, TOKEN, claims_of, schedule_of
from keifu.tge.files import Summary
from keifu.tge.grants import Grants, coins

__all__ = ["Check", "verify"]

VIEWS = 500  # a batch


@dataclass(frozen=True)
class Check:
    """One question and its answer."""

    what: str
    holds: bool
    detail: str = ""


def verify(
    client: ChainClient, deployment: Deployment, distribution: Distribution, grants: Grants, summary: Summary | None
) -> list[Check]:
    """All checks, in order of reading. Nothing is taken from the published files but to compare them."""
    checks: list[Check] = []

    def check(what: str, holds: bool, detail: str = "") -> None:
        checks.append(Check(what, holds, detail))

    root = grants.tree.root
    if summary is not None:
        check("the published summary has the root of the CSV", summary.root == "0x" + root.hex(), summary.root)
        check("the published summary has the sum of the CSV", int(summary.allocation) == grants.allocation)
    for name in (TOKEN, DISTRIBUTOR, "Timelock"):
        check(f"{name} runs the published code", _runs_published_code(client, deployment[name], name))
    if not all(item.holds for item in checks if item.what.endswith("code")):
        return checks
    distributor = deployment.at(client, DISTRIBUTOR)
    token = deployment.at(client, TOKEN)
    check("the distributor has the root of the CSV", distributor.root() == root, "0x" + root.hex())
    check("the distributor has the sum of the CSV", distributor.allocation() == grants.allocation)
    check("it pays in the suite's token", distributor.token() == token.address)
    check("it starts when the record says", distributor.start() == distribution.start, str(distribution.start))
    steps = distributor.step(), distributor.steps()
    check("it has the recorded steps", steps == (distribution.step, distribution.steps), f"{steps[1]} of {steps[0]} s")
    check("the timelock owns it", distributor.owner() == deployment["Timelock"])
    check("no sweep before the recorded day", distributor.sweep_after() == distribution.sweep_after)
    return [*checks, *_payments(client, deployment, distribution, grants)]


def _payments(
    client: ChainClient, deployment: Deployment, distribution: Distribution, grants: Grants
) -> Iterator[Check]:
    distributor = deployment.at(client, DISTRIBUTOR)
    claims = claims_of(client, distributor.address)
    balance = deployment.at(client, TOKEN).balanceOf(distributor.address)
    known = {index for index in claims.paid if index < len(grants)}
    right = all(grants.accounts[index] == claims.accounts[index] for index in known)
    yield Check(
        "every claim paid an account of the CSV", right and len(known) == len(claims.paid), f"{claims.count} claims"
    )
    schedule, now = schedule_of(distribution), client.now
    above = [index for index in known if claims.paid[index] > schedule.vested(grants.totals[index], now)]
    yield Check("nobody got more than is vested", not above, f"{len(above)} grants above" if above else "")
    stored = _stored(client, distributor.address, sorted(claims.paid))
    yield Check("the books agree with the events", stored == claims.paid, f"{len(stored)} grants")
    owed = grants.allocation - claims.paid_out
    yield Check("what is left covers what is owed", balance >= owed, f"{coins(balance)} for {coins(owed)} coins")


def _stored(client: ChainClient, distributor: str, indices: list[int]) -> dict[int, int]:
    paid = client.at(distributor, DISTRIBUTOR).paid
    stored: dict[int, int] = {}
    for start in range(0, len(indices), VIEWS):
        part = indices[start : start + VIEWS]
        requests = [{"to": distributor, "data": "0x" + paid.encode(index).hex()} for index in part]
        answers = client.rpc.batch([("eth_call", [request, "latest"]) for request in requests])
        for index, answer in zip(part, answers, strict=True):
            if isinstance(answer, Exception):
                raise answer
            stored[index] = int(answer, 16)
    return stored


def _runs_published_code(client: ChainClient, address: str, name: str) -> bool:
    """Whether the code is ours up to its immutables, which stand behind it."""
    packaged = client.load(name)
    code = client.code(address)
    plain = code[: len(code) - packaged.immutables_size] if packaged.immutables_size else code
    return bool(hashlib.sha256(plain).hexdigest() == packaged.runtime_sha256)
