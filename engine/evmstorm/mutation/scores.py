"""Mutation scores of whole contracts, a report of them, and a way to look at a part of it again.

The report names every mutant, what became of it, and the code that it makes. A fate follows from contract, mutant and
seed, so that some can be drawn, compiled the ordinary way, and searched again.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from ethwire.errors import CheckFailed, EthwireError
from evmstorm.evm import artifacts
from evmstorm.fuzz import deep
from evmstorm.mutation import mutate
from evmstorm.mutation.journal import Subject
from evmstorm.mutation.languages import sources
from evmstorm.mutation.trial import code_id
from evmstorm.project import names
from evmstorm.reports import commit, read_report

__all__ = ["Checked", "ContractScore", "Report", "check", "current", "read", "report_of", "scored", "subject_of"]

CODE_ID_DIGITS = 16  # hexadecimal digits of a code's hash that are kept


class Survivor(msgspec.Struct, frozen=True):
    """A change that no campaign noticed."""

    file: str
    line: int
    before: str
    after: str
    where: str = ""  # it differs from the right code in what the systems know, or that it never does


class ContractScore(msgspec.Struct, frozen=True):
    """All mutants of one contract. `score` is killed of killed and survived; `seconds` and `per_minute` are those of
    the machine; `mutants` maps a name to a fate and, where it compiles, the start of the code's hash.

    `key` is a hash over the contract's sources and the descriptions that test it, `code` one over its creation code.
    """

    contract: str
    key: str
    code: str
    systems: list[str]
    seed: int
    made: int
    fates: dict[str, int]
    score: float
    seconds: float
    per_minute: float
    survivors: list[Survivor]
    mutants: dict[str, str]


class Report(msgspec.Struct, frozen=True):
    """What is committed. `sources_sha256` is over every contract source."""

    command: str
    commit: str
    sources_sha256: str
    made: int
    score: float
    per_minute: float
    contracts: list[ContractScore]


class Checked(msgspec.Struct, frozen=True):
    """Mutants of one contract that were looked at again."""

    contract: str
    fates: dict[str, int]


def key(contract: str, systems: Iterable[str]) -> str:
    """SHA-256 over the sources of a contract and the descriptions of the systems that test it."""
    digest = hashlib.sha256("".join(deep.key_of(system) for system in systems).encode())
    for name, text in sources(contract).items():
        digest.update(f"{name}\0{text}".encode())
    return digest.hexdigest()


def subject_of(contract: str, seed: int) -> Subject:
    """What a journal of this contract's mutants is of."""
    digest = hashlib.sha256("".join(f"{name}\0{text}" for name, text in sources(contract).items()).encode())
    return Subject(f"{digest.hexdigest()} {seed}", {name: deep.key_of(name) for name in mutate.testing(contract)})


def scored(result: mutate.Score) -> ContractScore:
    """What a report keeps of a score."""
    return ContractScore(
        contract=result.contract,
        key=key(result.contract, result.systems),
        code=code_id(artifacts.load(result.contract).creation_code),
        systems=result.systems,
        seed=result.seed,
        made=result.made,
        fates={fate: result.count(fate) for fate in mutate.FATES},
        score=round(result.score, 4),
        seconds=round(result.seconds, 1),
        per_minute=round(result.per_minute, 1),
        survivors=[
            Survivor(item.mutant.file, item.mutant.line, item.before, item.after, item.by)
            for item in result.outcomes
            if item.fate == "survived"
        ],
        mutants={item.mutant.name: _recorded(item) for item in result.outcomes},
    )


def _recorded(outcome: mutate.Outcome) -> str:
    return f"{outcome.fate} {outcome.code_id[:CODE_ID_DIGITS]}".rstrip()


def _seen(recorded: str) -> str:
    """What a search can show: that a survivor is equivalent is argued, and may be argued later."""
    return recorded.replace("equivalent", "survived")


def report_of(contracts: Sequence[ContractScore], command: str) -> Report:
    """The report over `contracts`; its score counts every mutant alike."""
    killed, survived = (sum(item.fates[fate] for item in contracts) for fate in ("killed", "survived"))
    return Report(
        command=command,
        commit=commit(),
        sources_sha256=artifacts.sources_sha256(),
        made=sum(item.made for item in contracts),
        score=round(killed / max(1, killed + survived), 4),
        per_minute=round(60 * sum(item.made for item in contracts) / sum(item.seconds for item in contracts), 1),
        contracts=list(contracts),
    )


def read(path: Path) -> Report:
    """Raises InputError for a file that is no report."""
    return read_report(path, Report, "mutation scores")


def current(report: Report) -> list[ContractScore]:
    """Those that are of the sources and descriptions of this checkout."""
    known = set(names())
    return [item for item in report.contracts if known.issuperset(item.systems) and item.key == _key(item)]


def _key(item: ContractScore) -> str:
    """Of an entry's contract now; empty when there is none of that name any more."""
    try:
        return key(item.contract, item.systems)
    except EthwireError:
        return ""


def check(
    report: Report, *, each: int, seed: int, processes: int, on_checked: Callable[[Checked], None] = lambda part: None
) -> list[Checked]:
    """Look at `each` random mutants of every contract again, compiled the ordinary way; CheckFailed when the code or
    the fate of one is not what the report says, or when nothing in the report is of this code."""
    chosen = current(report)
    if not chosen:
        raise CheckFailed("the report is of other code or descriptions", remedy="measure the scores again")
    done = []
    for item in chosen:
        # Of mutants with one code the others are "same": that is no fate of their own.
        countable = [name for name, fate in item.mutants.items() if not fate.startswith("same")]
        drawn = random.Random(f"{seed} {item.contract}").sample(countable, min(each, len(countable)))  # noqa: S311
        again = mutate.score(item.contract, only=frozenset(drawn), seed=item.seed, processes=processes, apart=False)
        for outcome in again.outcomes:
            said, found = item.mutants[outcome.mutant.name], _recorded(outcome)
            if _seen(found) != _seen(said):
                raise CheckFailed(f"{item.contract}: {outcome.mutant} was {said!r}, is {found!r}")
        done.append(Checked(item.contract, {fate: again.count(fate) for fate in mutate.FATES if again.count(fate)}))
        on_checked(done[-1])
    return done
