"""The 23 attacks on the first edition, put back. `python -m audit.seeded_attacks` searches for all of them."""

from __future__ import annotations

from audit.seeded_attacks import HEAD, NUMBERS, REPORT, SEEDED, Detection, found_by_number, named, search_all
from evmstorm.mutation.seeded_bugs import overlay_of


def found(attack: str, by: str) -> Detection:
    return Detection(attack, "court", by, 1, 1, 0.1)


def test_every_attack_is_seeded_and_fits_its_source() -> None:
    assert {int(bug.name.split(":")[0].removeprefix("staking-")) for bug, _ in SEEDED} == set(NUMBERS)
    for bug, systems in SEEDED:
        assert systems
        assert overlay_of(bug)


def test_an_attack_counts_when_each_of_its_forms_was_found_by_some_campaign() -> None:
    items = [found("staking-1: a", "-"), found("staking-1: a", "profit"), found("staking-1: b", "CRT-8")]
    assert found_by_number(items) == {1}
    assert found_by_number([*items, found("staking-1: c", "-")]) == set()


def test_what_found_it_is_named() -> None:
    assert named("ORA-1", "does not hold") == "profit"
    assert named("claim: model", "promise: a claim got nothing") == "promise"
    assert named("hear: model", "CRT-9: another number of seats") == "CRT-9"
    assert named("hear: model", "must succeed, was refused: court: not drawn") == "the log's answer"


def test_a_seed_that_depends_on_the_order_of_reveals_is_found() -> None:
    last = [item for item in SEEDED if item[0].name.startswith("staking-8:")]
    assert len(last) == 1
    assert found_by_number(search_all(20_000, 1, last)) == {8}


def test_the_committed_table_has_every_attack_and_what_finds_it() -> None:
    text = REPORT.read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.partition(HEAD)[2].splitlines()]
    found = {row[0]: row[1:3] for row in rows if len(row) == HEAD.splitlines()[0].count("|") - 1}
    assert list(found) == [bug.name for bug, _ in SEEDED]
    for bug, systems in SEEDED:
        campaign, by = found[bug.name]
        assert campaign in systems
        assert by != "-"
