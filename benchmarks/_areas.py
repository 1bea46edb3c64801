"""The areas of `make bench` and their rows."""

from __future__ import annotations

from benchmarks import (
    accounts,
    agent_transfer,
    agents,
    answer_gas,
    cases,
    chores,
    cli,
    committed,
    compute,
    cost,
    deploying,
    dispute_gas,
    events,
    explained,
    explorer,
    forged,
    grants,
    hashing,
    inference,
    inference_audit,
    inference_embeddings,
    inference_gas,
    inft,
    lineages,
    live,
    payments,
    provenance,
    record_proof,
    reexecution_gas,
    sending,
    slashing,
    staking,
    storage,
    storage_gas,
    storage_loss,
    storage_many,
    storage_put,
    story,
    suite,
    tge,
)
from benchmarks._rows import Row
from benchmarks.engine_rows import ROWS as FUZZ_ROWS

__all__ = ["AREAS", "gas_rows", "rows"]

AREAS: dict[str, tuple[Row, ...]] = {
    "tge": tge.ROWS,
    "staking": staking.ROWS,
    "inft": inft.ROWS,
    "grants": grants.ROWS,
    "payments": payments.ROWS,
    "provenance": (*provenance.ROWS, *hashing.ROWS, *lineages.ROWS, *forged.ROWS, *record_proof.ROWS),
    "fuzz": FUZZ_ROWS,
    "suite": (*suite.ROWS, *story.ROWS),
    "deploy": (*deploying.ROWS, *explained.ROWS),
    "accounts": accounts.ROWS,
    "agents": (*agents.ROWS, *agent_transfer.ROWS, *chores.ROWS),
    "events": events.ROWS,
    "explorer": explorer.ROWS,
    "sending": (*sending.ROWS, *live.ROWS),
    "cases": cases.ROWS,
    "nodes": slashing.ROWS,
    "cli": cli.ROWS,
    "compute": (*compute.ROWS, *reexecution_gas.ROWS),
    "cost": cost.ROWS,
    "inference": (
        *inference.ROWS,
        *committed.ROWS,
        *inference_audit.ROWS,
        *inference_embeddings.ROWS,
        *inference_gas.ROWS,
        *dispute_gas.ROWS,
        *answer_gas.ROWS,
    ),
    "storage": (*storage.ROWS, *storage_gas.ROWS, *storage_loss.ROWS, *storage_put.ROWS, *storage_many.ROWS),
}


def rows(area: str) -> tuple[Row, ...]:
    """The rows of one area, or of `all`."""
    if area == "all":
        return tuple(row for part in AREAS.values() for row in part)
    return AREAS[area]


def gas_rows() -> tuple[Row, ...]:
    """What the gas check measures: every gas row that takes no more than a few seconds."""
    return tuple(row for row in rows("all") if row.is_gas and not row.heavy)
