"""Whether a plan is all of one piece: what people read in it is what its parameters and these sources make.

Whoever may write the file could have changed one without the other; the digest alone does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from keifu.chain.creation import Creation
from keifu.chain.deployments import Holders
from keifu.chain.plan import Plan
from keifu.chain.services import SERVICES
from keifu.chain.suite import TIMELOCK
from keifu.deploy.document import Document, PlannedParameter, PlannedStep
from keifu.deploy.planning import creation_digest, creations_of, roles_of, table_of
from keifu.errors import UsageError

__all__ = ["ANEW", "require_whole"]

ANEW = "make the plan anew, review it and sign it off again"


def require_whole(plan: Document) -> None:
    """Raises UsageError, naming what does not follow from the plan's parameters, factory and deployer. Asks nobody."""
    params = plan.params
    due = creations_of(plan.deployer, params, plan.factory)
    wrong = [item.contract for item, step in zip(due, plan.steps, strict=False) if not _is(step, item)]
    if wrong or len(due) != len(plan.steps):
        raise UsageError(f"these sources make other contracts than the plan: {', '.join(wrong) or 'more'}", remedy=ANEW)
    rows = table_of(Plan(params, deployer=plan.deployer), plan.chain.chain_id)
    places = {step.contract: step.address for step in plan.steps}
    services = [(item.contract, places[item.contract], item.max_multiple) for item in SERVICES]
    begins = any(step.contract == TIMELOCK for step in plan.due)
    holders = roles_of(Holders(params.proposers, params.executors)) if begins else plan.roles_before
    pieces = (
        ("its parameters", _read(plan.table), _read(rows)),
        ("its services", [(row.contract, row.address, row.multiple) for row in plan.services], services),
        ("its roles", plan.roles_after, holders),
    )
    for what, found, right in pieces:
        if found != right:
            raise UsageError(f"the plan says something else of {what} than would be sent", remedy=ANEW)


def _is(step: PlannedStep, item: Creation) -> bool:
    found = (step.contract, step.label, step.address, step.arguments, step.encoded, step.creation)
    return found == (item.contract, item.label, item.address, item.arguments, item.encoded, creation_digest(item))


def _read(rows: Iterable[PlannedParameter]) -> list[PlannedParameter]:
    """What a reader sees, but for where a value comes from."""
    return [msgspec.structs.replace(row, source="") for row in rows]
