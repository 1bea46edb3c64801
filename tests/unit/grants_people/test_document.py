"""Files of proposals: what is taken, and what is refused with the field's name."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.errors import InputError
from keifu.grants.document import programme_of, read_draft
from keifu.keys import keccak256
from keifu.provenance import Kind
from keifu.provenance.registry import schema_id
from keifu.units import COIN, DAY

TEAM, ATTESTER, OTHER = "0x" + "11" * 20, "0x" + "22" * 20, "0x" + "33" * 20
HEAD = f'programme = 1\ngrantee = "{TEAM}"\n'
MILESTONE = f"""[[milestones]]
amount = "100"
within = "60 days"
kind = "evaluation"
schema = "works"
attesters = ["{ATTESTER}", "{OTHER}"]
"""
GOOD = HEAD + MILESTONE


def read(tmp_path, text):
    (tmp_path / "proposal.toml").write_text(text)
    return read_draft(tmp_path / "proposal.toml")


def refused(tmp_path, text):
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert error.value.remedy
    return error.value.message


def test_a_proposal(tmp_path):
    found = read(tmp_path, GOOD)
    [item] = found.milestones
    assert (found.programme, found.grantee, found.statement, found.amount) == (1, TEAM, bytes(32), 100 * COIN)
    assert item.args(1_000) == (
        100 * COIN, 1_000 + 60 * DAY, Kind.EVALUATION, False, schema_id("works"), 2, [ATTESTER, OTHER], 0, 0, 0,
        bytes(32),
    )  # fmt: skip


def test_vesting_statement_and_needed(tmp_path):
    (tmp_path / "why.md").write_text("because")
    more = 'needed = 1\nsound = true\nvesting = { step = "30 days", steps = 12, cliff = 3 }\n'
    found = read(tmp_path, HEAD + 'statement = "why.md"\nuri = "https://example.org"\n' + MILESTONE + more)
    [item] = found.milestones
    assert found.statement == keccak256(b"because")
    assert (item.needed, item.sound, item.step, item.steps, item.cliff) == (1, True, 30 * DAY, 12, 3)


def test_a_list_of_learners(tmp_path):
    (tmp_path / "learners.csv").write_text(f"account,total\n{ATTESTER},60\n{OTHER},40\n")
    [item] = read(tmp_path, GOOD + 'learners = "learners.csv"\n').milestones
    assert any(item.learners)


def test_amounts_have_the_decimals_of_the_programme_s_token(tmp_path):
    (tmp_path / "learners.csv").write_text(f"account,total\n{ATTESTER},60.5\n{OTHER},39.5\n")
    read(tmp_path, GOOD + 'learners = "learners.csv"\n')
    path = tmp_path / "proposal.toml"
    assert programme_of(path) == 1
    assert read_draft(path, 6).amount == 100 * 10**6
    path.write_text(GOOD.replace('"100"', '"0.0000001"'))
    with pytest.raises(InputError, match="is not an amount of coins with up to 6 decimals"):
        read_draft(path, 6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("programme = ", "is no proposal"),
        (HEAD, "milestones"),
        (HEAD + MILESTONE * 9, "milestones"),
        (HEAD + MILESTONE * 2, "two milestones have one schema"),
        (GOOD.replace("programme = 1", 'programme = "one"'), "programme is no number"),
        (GOOD.replace(TEAM, "0x12"), "grantee is no address"),
        (GOOD.replace(TEAM, ZERO_ADDRESS), "grantee is no address"),
        (GOOD.replace('"100"', '"0"'), "amount is zero"),
        (GOOD.replace('"100"', '"1,5"'), "is read in two ways"),
        (GOOD.replace('"60 days"', '"soon"'), "is not a duration"),
        (GOOD.replace('"60 days"', '"0 days"'), "within is zero"),
        (GOOD.replace("evaluation", "poem"), "'poem' is no kind"),
        (GOOD.replace('schema = "works"\n', ""), "schema is missing"),
        (GOOD.replace(f'["{ATTESTER}", "{OTHER}"]', "[]"), "attesters"),
        (GOOD.replace(OTHER, "nobody"), "attester is no address"),
        (GOOD + "needed = 3\n", "needed is 3 of 2"),
        (GOOD + "needed = 0\n", "needed is 0 of 2"),
        (GOOD + 'sound = "yes"\n', "sound is neither true nor false"),
        (GOOD + 'vesting = { step = "30 days", steps = 2, cliff = 3 }\n', "2 steps and a cliff of 3"),
        (GOOD + 'vesting = { step = "30 days", steps = 0 }\n', "0 steps"),
        (GOOD + "wage = 1\n", "wage is unknown"),
        ("colour = 1\n" + GOOD, "colour is unknown"),
        (GOOD + 'learners = "none.csv"\n', "none.csv"),
        (HEAD + 'statement = "none.md"\n' + MILESTONE, "cannot read"),
    ],
)
def test_what_is_refused(tmp_path, text, said):
    assert said in refused(tmp_path, text)


def test_a_list_of_another_sum_or_that_vests(tmp_path):
    (tmp_path / "learners.csv").write_text(f"account,total\n{ATTESTER},60\n")
    assert "another sum" in refused(tmp_path, GOOD + 'learners = "learners.csv"\n')
    both = GOOD.replace('"100"', '"60"') + 'learners = "learners.csv"\nvesting = { step = "1 day", steps = 1 }\n'
    assert "has a list and vests" in refused(tmp_path, both)
