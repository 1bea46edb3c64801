"""docs/parameters.md: every number of the staking contracts, read from their sources, and what follows from them.

`python -m audit.parameters` writes the page, with `--check` it only says whether it is current.
"""

from __future__ import annotations

import sys
from pathlib import Path

from audit import court_rules
from keifu.chain.parameters import Params
from keifu.errors import CheckFailed
from keifu.units import COIN, DAY, HOUR

__all__ = ["PAGE", "deterred", "page"]

PAGE = Path("docs/parameters.md")
SAFETY = 3  # a slash is at least this many times the expected gain of the fault
BPS = 10_000
CASES, JURORS, HUB = "staking/lib/cases.vy", "staking/lib/jurors.vy", "staking/StakingHub.vy"

# (constant, source below contracts/, unit, why this much)
_CONSTANTS = (
    ("MIN_STAKE", HUB, "wei", "rounding is negligible beside it"),
    ("MAX_HORIZON", "staking/lib/services.vy", "seconds", "own coins of a removed service wait no longer"),
    ("MAX_MULTIPLE", "staking/lib/services.vy", "times", "burning strangers must cost more than it brings, see below"),
    ("COMMISSION_NOTICE", "staking/lib/operators.vy", "epochs", "delegators can stop earning at the old terms first"),
    ("DOUBLING", "staking/lib/emission.vy", "seconds", "no weight earns more than itself in this time"),
    ("OPEN_BUCKETS", "staking/lib/exits.vy", "buckets", "of leaving stake, which a slash must touch"),
    ("MAX_UNBONDING", "staking/lib/exits.vy", "seconds", "delegators' coins are not held longer"),
    ("SPENT_BITS", "lib/pools.vy", "bits", "a pool below 2^-n wei a share counts as empty"),
    ("MATURITY", JURORS, "epochs", "coins that come for a case weigh in none that is open"),
    ("SEAT", CASES, "coins", "locked behind the court for one seat"),
    ("LEAST_SEATS", CASES, "seats", "mature, below which the court opens no case"),
    ("LEAST_ASKED", CASES, "coins", "less would not pay a jury"),
    ("MAX_ASKED", CASES, "coins", "a majority of the last jury has as much at risk"),
    ("SMALL", CASES, "coins", "asked: above it a first conviction is re-heard without a call"),
    ("FIRST_SEATS", CASES, "seats", "expected in the first jury; two thirds of what is revealed convict"),
    ("FIRST_QUORUM", CASES, "seats", "revealed, below which the first jury acquits"),
    ("FIRST_FEE", CASES, "coins", "a seat, whatever the verdict; a vote costs about 2 coins of effort"),
    ("FIRST_FEES", CASES, "fees", "in an accuser's bond: in 99 of 100 cases the jury is no larger"),
    ("FIRST_DEPOSIT", CASES, "coins", "a seat; who misses one draw in ten earns nothing"),
    ("SECOND_SEATS", CASES, "seats", "expected in the re-hearing; a majority convicts"),
    ("SECOND_QUORUM", CASES, "seats", "revealed, below which the first verdict stands: silence gains nothing"),
    ("SECOND_FEE", CASES, "coins", "a seat, and 3.2 more for each 2,500 coins asked"),
    ("SECOND_FEES", CASES, "fees", "in the bond of whoever calls the re-hearing"),
    ("SECOND_DEPOSIT", CASES, "coins", "a seat, for each 2,500 coins asked"),
    ("LOSS_DIVISOR", CASES, "parts", "of what was asked: one of them is lost by an accuser who is wrong"),
    ("REPEATED", CASES, "times", "the bond, to accuse of the same fault after an acquittal"),
    ("TIP_DIVISOR", "staking/lib/juries.vy", "parts", "of an absent juror's deposit: one is for whoever shows it"),
    ("SCALE_NOTICE", CASES, "seconds", "before the court's amounts change, for cases opened later"),
    ("MAX_SECRETS", "governance/CommitRevealRandomness.vy", "secrets", "an epoch: few draws can be bought"),
    ("NAMED_PLACES", "governance/CommitRevealRandomness.vy", "places", "of them, for accounts named by the timelock"),
    ("LOOKAHEAD", "governance/Randomness.vy", "blocks", "between naming a seed and its block, at least"),
    ("LOOKAHEAD", "governance/DrandRandomness.vy", "seconds", "between naming a seed and its round, at least"),
)
# Periods of a case, in order.
_PERIODS = (
    ("answer", "ANSWER_PERIOD"),
    ("seed", "SEED_PERIOD"),
    ("commit", "COMMIT_PERIOD"),
    ("reveal", "REVEAL_PERIOD"),
    ("call for the re-hearing", "CALL_PERIOD"),
)
# Shares of an attacker, wei emitted a staked wei and year, years: what burning strangers could bring it.
_BURNING = (1 / 3, 0.1825, 4)


def deterred(slash: int, found_bps: int) -> int:
    """The largest gain (wei) that a slash of `slash` wei deters when `found_bps` of 10,000 faults are found:
    slash ≥ 3 × gain / p, in whole numbers."""
    return slash * found_bps // (SAFETY * BPS)


def _constant(source: str, name: str) -> int:
    from evmstorm.evm import artifacts  # noqa: PLC0415  # needs the sources and the compiler

    return int(artifacts.constant(source, name))


def _faults() -> list[tuple[str, int, int]]:
    """What happened, wei slashed, how often it is found (basis points)."""
    deposit, least = (_constant(CASES, name) * COIN for name in ("FIRST_DEPOSIT", "LEAST_ASKED"))
    rows = [("a drawn juror's seat stays silent (a bribe for it)", deposit, BPS)]
    reserve = least * 5 // 4
    rows += [("an operator breaks the smallest promise that a court decides", reserve, p) for p in (BPS, 1_000, 100)]
    return rows


def _shown(value: int, unit: str) -> str:
    if unit == "wei":
        value, unit = value // COIN, "coin" if value == COIN else "coins"
    if unit == "seconds" and value % DAY == 0:
        return f"{value // DAY:,} days"
    return f"{value:,} {unit}"


def _days(seconds: int) -> str:
    return f"{seconds / DAY:g} day{'' if seconds == DAY else 's'}"


def _chosen() -> list[str]:
    """What a deployment chooses, with its default."""
    params = Params()
    return [
        "| parameter | default | bounds |",
        "|---|---|---|",
        f"| unbonding | {_days(params.unbonding)} | even number of seconds; a ticket takes 1 to 1.5 periods |",
        f"| epoch | {_days(params.epoch_length)} | at most the unbonding period |",
        f"| start of the emission | {_days(params.emission_delay)} after the deployment | 28 days at least where money"
        " is: no multiple counts before |",
        f"| emission | over {_days(params.emission_duration)} | equal parts an epoch |",
        "| blocks of a day | the chain's | half of a period's blocks must pass too, so that a chain that stands still"
        " ends nothing |",
        f"| seed of randomness | every {params.seed_stride} blocks | positive |",
        "| another source of seeds | none | a contract with the functions of `IRandomness`, for chains without a real"
        " prevrandao |",
        f"| delay of the timelock | {_days(params.timelock_delay)} | a day at least where money is |",
        f"| restitution for a false heartbeat | {params.heartbeat_restitution:,} coins | 1 to 1,000,000 coins; a tenth"
        " more for the prover and a tenth as penalty |",
        f"| evidence window of heartbeats | {_days(params.heartbeat_window)} | at most 60 days, the longest horizon |",
        f"| prover's reward at the compute market | {params.compute_reward:,} coins | 1 to 1,000,000 coins; as much is"
        " the penalty of a service |",
        f"| evidence window of the compute market | {_days(params.compute_window)} | 53 days at most: the answer window"
        " comes on top |",
        f"| answer window of a demand | {_days(params.answer_window)} | 7 days at most |",
        f"| bond of a demand | {params.demand_bond:,} coins | half more than the gas of an answer, and its work |",
        f"| storage epoch | {_days(params.storage_epoch)} | a minute to 6 days; an hour at least where money is |",
        f"| window of a storage proof | {params.storage_window // HOUR} hours | shorter than the epoch |",
        f"| buffer of a stored leaf | {params.storage_buffer} gwei | five eighths exceed what storing 256 bytes for an"
        " epoch costs |",
        f"| tip for a storage epoch's seed | {params.storage_tip} coin | paid twice an epoch, while the pot has it |",
        f"| fee of a demanded leaf | {params.storage_fee} coin | half more than the gas of an answer |",
        f"| attestors of a transfer of private data | {params.signers_needed} | 2 to 4, for ever |",
        "| beginning of agents' metadata addresses | none | at most 128 bytes |",
        "| registry of tokens' accounts | an `AccountRegistry` | the canonical one of ERC-6551, where a chain has it |",
        "| registry of agents | an `AgentIdentity` | that of ERC-8004, where a chain has it |",
    ]


def _case_days() -> str:
    one = sum(_constant(CASES, name) for _, name in _PERIODS[:-1])
    both = 2 * one + _constant(CASES, "CALL_PERIOD") + _constant(CASES, "MARGIN")
    return _days(both)


def _follows() -> list[str]:
    """What the numbers mean together."""
    params = Params()
    notice, ticket = 2 * params.unbonding, params.unbonding * 3 // 2
    share, emitted, years = _BURNING
    most = _constant("staking/lib/services.vy", "MAX_MULTIPLE")
    periods = ", ".join(f"{name} {_days(_constant(CASES, constant))}" for name, constant in _PERIODS)
    return [
        "* An operator that has a friend slash it loses a fifth of the damages and all of the penalty.",
        f"* A multiple that is raised counts {_days(notice)} later, from an epoch's start. A ticket takes"
        f" {_days(ticket)} at most, so",
        "  every delegator can be out before.",
        f"* Burning strangers does not pay: with m = {most} one coin of penalty burns {most} of theirs. An attacker"
        " with a third",
        f"  gains {share:.3f} x {emitted} x {years} = {share * emitted * years:.3f} coins of emission by each, below"
        f" 1/{most} = {1 / most}.",
        f"* A case takes {_case_days()} at the longest:",
        f"  {periods};",
        "  the first four once more in the re-hearing, and a margin. A service with the court needs a horizon of its",
        "  evidence window and that.",
        f"* Without a seed a case is void after {_days(_constant(CASES, 'LONGEST_WAIT'))}, bonds go back, and the"
        " fault can be accused anew.",
        "* A seed can be drawn again once for each proposal of the source block that its proposer gives up, and once",
        "  for each 256 blocks in which everyone else is prevented from capturing.",
        "* A seed of `DrandRandomness` cannot be drawn again. For drand's evmnet give it that network's key (it is in",
        "  its test), genesis 1727521075 and a period of 3 seconds; a capture costs less than 200,000 gas.",
    ]


def page() -> str:
    """The whole page."""
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
    lines += ["", "## Chosen at deployment", "", *_chosen(), "", "## What follows", "", *_follows()]
    lines += [
        "",
        "## How often the court is wrong",
        "",
        "Exact binomials, not samples. Without other words the attacker holds a third of the seats, honest jurors err",
        "in 5 % and miss 3 % of their votes, and whoever gains by it calls the re-hearing.",
        f"`python -m audit.court_rules` checks the {len(court_rules.rules())} inequalities that these numbers must"
        " keep, and a test runs it.",
        "",
        *court_rules.table(),
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
