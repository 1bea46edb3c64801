"""docs/parameters.md: every number of the staking contracts, read from their sources, and what follows from them.

`python -m audit.parameters` writes the page, with `--check` it only says whether it is current.
"""

from __future__ import annotations

import sys
from pathlib import Path

from keifu.chain.protocol import Params
from keifu.errors import CheckFailed
from keifu.units import COIN, DAY

__all__ = ["PAGE", "deterred", "page"]

PAGE = Path("docs/parameters.md")
SAFETY = 3  # a slash is at least this many times the expected gain of the fault
BPS = 10_000

# (constant, source below contracts/, unit, why this much)
_CONSTANTS = (
    ("MIN_STAKE", "staking/lib/ledger.vy", "coins", "rounding is negligible beside it"),
    ("MIN_BOND", "staking/lib/operators.vy", "coins", "what an operator loses before its delegators do"),
    ("COMMISSION_NOTICE", "staking/lib/operators.vy", "epochs", "delegators have time to leave before it takes effect"),
    ("JAIL_EPOCHS", "staking/lib/slashing.vy", "epochs", "time for services to settle what is open"),
    ("BOND_MULTIPLE", "staking/lib/obligations.vy", "", "commitments per coin of own bond"),
    ("MAX_PAYOUT", "staking/lib/obligations.vy", "basis points", "of the slashed bond, to victim and prover together"),
    ("HISTORY_EPOCHS", "staking/lib/obligations.vy", "epochs", "for which an old commitment stays known to juries"),
    ("OPEN_BUCKETS", "staking/lib/exits.vy", "", "unbonding buckets that a slash must touch"),
    ("SPENT_BITS", "lib/pools.vy", "bits", "a pool below 2^-n wei a share counts as empty"),
    ("SEAT", "staking/lib/juries.vy", "coins", "commitment to the court for one seat"),
    ("PENALTY", "staking/lib/juries.vy", "coins", "lost for each seat that does not reveal, or reveals early"),
    ("ODDS", "staking/lib/juries.vy", "", "one in this many seats is drawn; twice as many are drawn in each appeal"),
    ("QUORUM", "staking/lib/juries.vy", "seats", "must be revealed for a verdict; twice as many in each appeal"),
    ("MAX_APPEALS", "staking/AlignmentCourt.vy", "", "appeals of a case"),
    ("APPEAL_FACTOR", "staking/AlignmentCourt.vy", "", "each bond, as a multiple of the one before"),
    (
        "FEE_DIVISOR",
        "staking/AlignmentCourt.vy",
        "",
        "one part in this many of an accuser's bond goes to the jurors, whatever the verdict",
    ),
    ("LOOKAHEAD", "governance/Randomness.vy", "blocks", "between naming a seed and its block, at least"),
    ("LOOKAHEAD", "governance/DrandRandomness.vy", "seconds", "between naming a seed and its round, at least"),
)


def deterred(slash: int, found_bps: int) -> int:
    """The largest gain (wei) that a slash of `slash` wei deters when `found_bps` of 10,000 faults are found:
    slash ≥ 3 × gain / p, in whole numbers."""
    return slash * found_bps // (SAFETY * BPS)


def _constant(source: str, name: str) -> int:
    from evmstorm.evm import artifacts  # noqa: PLC0415  # needs the sources and the compiler

    return int(artifacts.constant(source, name))


def _faults() -> list[tuple[str, int, int]]:
    """What happened, wei slashed, how often it is found (basis points)."""
    penalty = _constant("staking/lib/juries.vy", "PENALTY")
    bond = _constant("staking/lib/operators.vy", "MIN_BOND")
    rows = [("a juror's seat stays silent (a bribe for it)", penalty, BPS)]
    rows += [("an operator breaks a promise backed by the least bond", bond, found) for found in (BPS, 1_000, 100)]
    return rows


def _shown(value: int, unit: str) -> str:
    if unit == "coins":
        return f"{value // COIN:,} coin{'s' if value > COIN else ''}"
    return f"{value:,} {unit}".strip()


def page() -> str:
    """The whole page."""
    params = Params()
    bps = BPS - _constant("staking/lib/obligations.vy", "MAX_PAYOUT")
    court = 3 * (2 * params.epoch_length + params.reveal_period) + 2 * params.appeal_period
    lines = [
        "# Parameters of staking",
        "",
        "Written by `make docs` from the contracts' constants and the defaults of `deploy_protocol`; a test compares.",
        "",
        "## Constants of the contracts",
        "",
        "| constant | value | where | why |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {_shown(_constant(source, name), unit)} | `{source}` | {why} |"
        for name, source, unit, why in _CONSTANTS
    ]
    lines += [
        "",
        "## Chosen at deployment",
        "",
        "| parameter | default | bounds |",
        "|---|---|---|",
        f"| unbonding | {params.unbonding // DAY} days | even number of seconds; a ticket takes 1 to 1.5 periods |",
        f"| epoch | {params.epoch_length // DAY} day | at most the unbonding period |",
        f"| emission | over {params.emission_duration // DAY:,} days | equal parts a second |",
        f"| accusing before the court | {params.case_bond // COIN:,} coins | — |",
        f"| reveal, appeal | {params.reveal_period // DAY} day, {params.appeal_period // DAY} day | positive |",
        f"| seed of randomness | every {params.seed_stride} blocks | positive |",
        "| another source of seeds | none | a contract with the functions of `IRandomness`, for chains without a real"
        " prevrandao |",
        "",
        "## What follows",
        "",
        f"* Slashing oneself loses at least {bps // 100} % of the bond's part and all of the delegators'.",
        f"* A case takes at most {court // DAY} days: a service with the court as arbiter needs a horizon of that,",
        f"  and the hub refuses one above {params.unbonding // DAY} days.",
        f"* An increase of commitments waits {params.unbonding * 3 // 2 // DAY} days: delegators have time to leave.",
        "* A seed can be drawn again once for each proposal of the source block that its proposer gives up, and once",
        "  for each 256 blocks in which everyone else is prevented from capturing.",
        "* A seed of `DrandRandomness` cannot be drawn again. For drand's evmnet give it that network's key (it is in",
        "  its test), genesis 1727521075 and a period of 3 seconds; a capture costs less than 200,000 gas.",
        "",
        "## Deterrence: slash ≥ 3 × gain / p",
        "",
        "p is how often the fault is found. Read the other way round: a slash deters gains up to slash × p / 3.",
        "",
        "| fault | slash, coins | p | deters gains up to, coins |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {what} | {slash // COIN:,} | {found / 100:.0f} % | {deterred(slash, found) / COIN:,.2f} |"
        for what, slash, found in _faults()
    ]
    lines += [
        "",
        "A service puts its faults beside these: it knows what they bring, how often it finds them, what it slashes.",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text() != page():
            raise CheckFailed(f"{PAGE} is not what the contracts say", remedy="run `make docs`")
        return 0
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
