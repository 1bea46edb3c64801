"""`tge verify`: everything recomputed from the CSV and read from the chain, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ethwire.rpc import quantity
from keifu.chain import ChainClient, Deployment
from keifu.chain.deployments import Record
from keifu.chain.parameters import Distribution
from keifu.chain.verify import Check, verify_suite
from keifu.tge.chain import DISTRIBUTOR, TOKEN, claims_of, deployed, schedule_of
from keifu.tge.grants import Grants
from keifu.tge.published import compare
from keifu.units import coins, counted

__all__ = ["Check", "verify"]

VIEWS = 500  # a batch


def verify(
    client: ChainClient,
    record: Record,
    grants: Grants,
    *,
    folder: Path | None = None,
    csv_path: Path | None = None,
    on_step: Callable[[str], None] = lambda name: None,
) -> list[Check]:
    """All checks, in order of reading: the published `folder` if there is one, the suite, the list, the payments.

    Nothing is taken from the record or the published files but to compare it. `on_step(what)` is called before each
    part. Raises EnvironmentFault when the record has no distribution.
    """
    deployment, terms = deployed(record)
    checks: list[Check] = []
    if folder is not None:
        on_step("published files")
        found = compare(grants, folder, csv_path=csv_path, step=terms.step, steps=terms.steps)
        checks += [Check(f"published {fault}", False) for fault in found]
        checks += [] if found else [Check("every published file is what the CSV makes", True, str(folder))]
    suite = verify_suite(client, record, on_step=on_step)
    checks += suite
    # The arguments of the distributor have been compared with these terms.
    root = "0x" + terms.root.hex()
    checks.append(Check("the distributor has the root of the CSV", terms.root == grants.tree.root, root))
    total = f"{coins(terms.allocation)} coins, the CSV has {coins(grants.allocation)}"
    checks.append(Check("the distributor has the sum of the CSV", terms.allocation == grants.allocation, total))
    if all(check.holds for check in suite):
        on_step("payments")
        checks += _payments(client, deployment, terms, grants, record.creations[DISTRIBUTOR].block)
    return checks


def _payments(
    client: ChainClient, deployment: Deployment, distribution: Distribution, grants: Grants, first_block: int
) -> Iterator[Check]:
    distributor = deployment.at(client, DISTRIBUTOR)
    claims = claims_of(client, distributor.address, first_block=first_block)
    balance = deployment.at(client, TOKEN).balanceOf(distributor.address)
    known = {index for index in claims.paid if index < len(grants)}
    right = all(grants.accounts[index] == claims.accounts[index] for index in known)
    yield Check(
        "every claim paid an account of the CSV",
        right and len(known) == len(claims.paid),
        counted(claims.count, "claim"),
    )
    schedule, now = schedule_of(distribution), client.now
    above = [index for index in known if claims.paid[index] > schedule.vested(grants.totals[index], now)]
    yield Check("nobody got more than is vested", not above, f"{counted(len(above), 'grant')} above" if above else "")
    stored = _stored(client, distributor.address, sorted(claims.paid))
    yield Check(
        "the distributor's storage agrees with its events", stored == claims.paid, counted(len(stored), "grant")
    )
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
            stored[index] = quantity(answer, "paid of the distributor", client.rpc.url)
    return stored
