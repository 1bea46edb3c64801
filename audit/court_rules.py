"""Every inequality that the court's parameters must keep, and the table of its errors.

`python -m audit.court_rules` prints both and exits 1 with the inequality that fails. Amounts in coins.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from audit.court_odds import FIRST, SECOND, Situation, convicted, drawn_above, freed, hearing
from evmstorm.evm import artifacts
from keifu.errors import CheckFailed
from keifu.units import DAY

__all__ = ["SEATS", "Rule", "check", "rules", "table"]

_CASES = "staking/lib/cases.vy"
SEATS = (400, 4_000)
_ABSENT = (0.03, 0.05, 0.10, 0.25, 0.50, 0.75)
_MIX = (0.03, 0.03, 0.03, 0.05, 0.05)  # turnouts of an ordinary week, equally likely
_BAR = 0.001  # rate.convicted
_EFFORT = 2  # coins that a vote costs its juror
_SMALL = 0.01  # below it a chance is printed with four digits
_SECRET_BOND = 16_400
_STRANGERS = 15  # places for anybody in an epoch of commit-reveal


@dataclass(frozen=True)
class Rule:
    name: str
    left: float
    right: float  # left <= right

    @property
    def holds(self) -> bool:
        return self.left <= self.right


def _n(name: str) -> int:
    return int(artifacts.constant(_CASES, name))


def _scale(asked: float) -> float:
    return max(1.0, asked / _n("SMALL"))


def second_fee(asked: float) -> float:
    return _n("SECOND_FEE") + _n("SECOND_FEE_TENTHS") / 10 * _scale(asked)


def second_deposit(asked: float) -> float:
    return _n("SECOND_DEPOSIT") * _scale(asked)


def _earning(fee: float, deposit: float, absent: float, wrong: float) -> float:
    """What a juror earns a draw, when the majority is as right as it is."""
    present = 1 - absent
    loss = deposit * (1 - 2 * wrong) * wrong
    return present * ((1 - wrong) * fee - _EFFORT - loss) - absent * deposit


def _time() -> Iterator[Rule]:
    day = _n("ANSWER_PERIOD") + _n("SEED_PERIOD") + _n("COMMIT_PERIOD") + _n("REVEAL_PERIOD")
    case = 2 * day + _n("CALL_PERIOD") + _n("MARGIN")
    yield Rule("a case takes 11.5 days", case, 11.5 * DAY)
    yield Rule("... and no less: services plan with it", 11.5 * DAY, case)
    yield Rule("a case is over before what waits for it is void", case, _n("LONGEST_WAIT"))


def _jurors() -> Iterator[Rule]:
    first_fee, first_deposit = _n("FIRST_FEE"), _n("FIRST_DEPOSIT")
    for asked in (_n("LEAST_ASKED"), _n("SMALL"), _n("MAX_ASKED")):
        for name, fee, deposit in (
            ("first jury", first_fee, first_deposit),
            (f"re-hearing over {asked:,}", second_fee(asked), second_deposit(asked)),
        ):
            yield Rule(f"{name}: who misses one draw in ten earns nothing", 0.9 * (fee - _EFFORT), 0.1 * deposit)
            yield Rule(f"{name}: 5 % wrong and 3 % absent still earn", 0, _earning(fee, deposit, 0.03, 0.05))
            yield Rule(f"{name}: a deposit is at most half a seat", deposit, _n("SEAT") / 2)
        at_risk = (_n("SECOND_SEATS") // 2 + 1) * second_deposit(asked)
        yield Rule(f"a majority of the re-hearing has what is asked at risk ({asked:,})", asked, at_risk)
    for seats in SEATS:
        yield Rule(f"the bond pays the first jury ({seats:,} seats)", drawn_above(FIRST, seats, _n("FIRST_FEES")), 0.01)
        yield Rule(f"the bond pays the re-hearing ({seats:,})", drawn_above(SECOND, seats, _n("SECOND_FEES")), 0.001)
    small = _n("SMALL")
    covered = 2 / 5 * _n("SECOND_SEATS") * second_deposit(small) / small
    yield Rule("deposits of all open re-hearings are covered by the coins behind the court", covered, 1)


def _attacks() -> Iterator[Rule]:
    usual, largest = Situation(), _n("MAX_ASKED")
    for seats in SEATS:
        here = replace(usual, seats=seats)
        yield Rule(f"an innocent convicted, {seats:,} seats", convicted(here), _BAR)
        yield Rule(f"... attacker's coins in one account, {seats:,}", convicted(replace(here, merged=True)), _BAR)
        mix = sum(convicted(replace(here, absent=absent)) for absent in _MIX) / len(_MIX)
        yield Rule(f"... over a mix of turnouts, {seats:,}", mix, _BAR)
        bribed = replace(here, bribed=True)
        yield Rule(
            f"a cartel that stays silent gains nothing, {seats:,}",
            convicted(replace(bribed, silent=True)),
            convicted(bribed),
        )
        # Accusing justly, the weakest claim against an operator that holds a third.
        asked, free = _n("LEAST_ASKED"), freed(here)
        lost = asked / 20 + _n("FIRST_SEATS") * _n("FIRST_FEE") + _n("SECOND_SEATS") * second_fee(asked)
        yield Rule(f"accusing justly for {asked} gains, {seats:,}", free * lost, (1 - free) * asked)
        # Accusing an innocent for the most.
        gain = convicted(here) * largest
        yield Rule(f"accusing an innocent loses, {seats:,}", gain, largest / 20 + _n("FIRST_SEATS"))
        # Buying draws of one seed with abandoned bonds: sums of C(k, j).
        draws, places = 1, 1
        for abandoned in range(1, 6):
            places = places * (_STRANGERS - abandoned + 1) // abandoned
            draws += places
            best = largest * max(convicted(replace(here, draws=draws)), freed(replace(here, draws=draws)) - free)
            yield Rule(f"{abandoned} bonds buy {draws:,} draws, {seats:,}", best, abandoned * _SECRET_BOND)
    room = 2 / 5 * _n("LEAST_SEATS") * _n("SEAT")
    hearings = room // _n("SMALL") * (14 / 5)
    filler = _n("FIRST_SEATS") * _n("FIRST_FEE") + _n("SECOND_SEATS") * second_fee(_n("SMALL"))
    yield Rule("filling the queue until a case is void costs more than the largest claim", largest, hearings * filler)
    yield Rule("burning strangers does not pay (m = 4)", 1 / 3 * 0.1825 * 4, 1 / 4)


def rules() -> list[Rule]:
    """All of them."""
    return [*_time(), *_jurors(), *_attacks()]


def check() -> list[Rule]:
    """Raises CheckFailed with the inequalities that fail."""
    found = rules()
    if failed := [rule for rule in found if not rule.holds]:
        words = "; ".join(f"{rule.name}: {rule.left:,.6g} > {rule.right:,.6g}" for rule in failed)
        raise CheckFailed(words, remedy="change the parameters of the court together")
    return found


def _situations() -> Iterator[tuple[str, Situation]]:
    usual = Situation()
    for share in (0.1, 0.2, 1 / 3, 0.4):
        yield f"attacker {share:.0%}", replace(usual, attacker=share)
    for absent in _ABSENT[1:]:
        yield f"{absent:.0%} absent", replace(usual, absent=absent)
    for wrong in (0.02, 0.10):
        yield f"{wrong:.0%} wrong", replace(usual, wrong=wrong)
    yield "attacker in one account", replace(usual, merged=True)
    yield "silent cartel in the re-hearing", replace(usual, silent=True)
    yield "bribed first jury", replace(usual, bribed=True)
    yield "bribed first jury, silent cartel", replace(usual, bribed=True, silent=True)
    yield "each seed drawn twice", replace(usual, draws=2)
    yield "the other side asleep", replace(usual, asleep=True)


def _percent(chance: float) -> str:
    chance = max(chance, 0.0)  # rounding of doubles
    return f"{100 * chance:.4f} %" if chance < _SMALL else f"{100 * chance:.1f} %"


def table() -> list[str]:
    """Markdown rows: innocents convicted and guilty ones freed, at 400 and 4,000 seats. Without other words the
    attacker holds a third, the honest err 5 % and miss 3 %, and whoever gains by it calls the re-hearing."""
    lines = [
        "| situation | innocent convicted, 400 seats | 4,000 seats | guilty goes free, 400 seats | 4,000 seats |",
        "|---|---|---|---|---|",
    ]
    for name, situation in _situations():
        cells = [_percent(f(replace(situation, seats=seats))) for f in (convicted, freed) for seats in SEATS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    at_once = [hearing(FIRST, Situation(seats=seats), attacker_says_guilty=False, silent=False)[0] for seats in SEATS]
    lines += ["", f"The first jury convicts a third-holder at once in {_percent(at_once[0])} of just cases."]
    return lines


def main() -> int:
    print("\n".join(table()))
    try:
        found = check()
    except CheckFailed as error:
        print(f"court_rules: {error}", file=sys.stderr)
        return 1
    for rule in found:
        print(f"{rule.left:>14,.6g} <= {rule.right:<14,.6g} {rule.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
