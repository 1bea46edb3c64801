"""`keifu grants` on a real chain: a team is granted, shows milestones, is paid; what it does not earn comes back."""

from __future__ import annotations

import json

import pytest

from keifu.units import COIN, DAY

from .conftest import ATTESTER, FUNDER, FUNDS, MEMBERS, SCHEMA, TEAM, address

VESTING = 'vesting = { step = "30 days", steps = 10, cliff = 1 }'
LEARNERS = ("holder", "node")


def free(does, programme):
    [found] = does("grants", "status", "--programme", programme)["programmes"]
    return int(found["free"]) // COIN, int(found["reserved"]) // COIN


def test_a_grantee_is_paid_at_once(does, keifu, due, registered, programme):
    number, record = due(), registered("0.97 of 1,000 images", ATTESTER)
    assert all(one["holds"] for one in does("grants", "evidence", number, 0, record))
    status, out, err = keifu("grants", "release", number, 0, record, "--role", TEAM)
    assert (status, out) == (0, "milestone 0 is released: 100 coins, paid\n"), err
    assert free(does, programme) == (FUNDS - 100, 0)
    found = does("grants", "show", number)
    assert (found["state"], found["milestones"][0]["evidence"]) == ("over", record)


def test_a_milestone_vests_is_collected_and_clawed_back_when_its_evidence_goes(
    does, due, registered, passes, programme
):
    number, record = due((100, VESTING)), registered("weights", ATTESTER)
    assert does("grants", "release", number, 0, record, "--role", TEAM)["grant"] > 0
    passes(61 * DAY)
    assert does("grants", "collect", number, 0, "--role", FUNDER)["amount"] == str(20 * COIN)
    does("prov", "withdraw", record, "--status", "revoked", "--reason", "the test set leaked", "--role", TEAM)
    assert does("grants", "clawback", number, 0, "--role", FUNDER)["amount"] == str(80 * COIN)
    assert does("grants", "show", number)["milestones"][0]["state"] == "clawed back"
    assert free(does, programme) == (FUNDS - 20, 0)


def test_what_was_withdrawn_behind_deprecated_records_is_traced_and_clawed_back(does, due, passes, programme, tmp_path):
    number = due((100, f"{VESTING}\nsound = true"))
    line = []
    for name, kind, role in (("data", "dataset", "holder"), ("model", "model", TEAM), ("test", "evaluation", TEAM)):
        (tmp_path / name).write_text(name)
        made_from = ("--link", f"derived-from={line[-1]}") if line else ()
        line.append(does("prov", "register", name, "--kind", kind, *made_from, "--role", role)["id"])
        does("prov", "store-links", line[-1], "--role", role)
    data, _model, last = line
    does("prov", "attest", last, "--schema", f"{SCHEMA} 0", "--role", ATTESTER)
    does("grants", "release", number, 0, last, "--role", TEAM)
    passes(31 * DAY)
    does("prov", "withdraw", last, "--status", "deprecated", "--reason", "a newer one", "--role", TEAM)
    does("prov", "withdraw", data, "--status", "revoked", "--reason", "copied", "--role", "holder")
    assert does("grants", "clawback", number, 0, "--role", FUNDER)["amount"] == str(90 * COIN)
    assert free(does, programme) == (FUNDS - 10, 0)


def test_a_milestone_that_nobody_shows_lapses(does, refused, due, registered, passes, programme):
    number, record = due((100, ""), (50, "")), registered("late", ATTESTER)
    assert free(does, programme) == (FUNDS - 150, 150)
    assert "deadline has not passed" in refused("grants", "lapse", number, 1, "--role", FUNDER)
    passes(60 * DAY)
    assert "before its deadline: over" in refused("grants", "release", number, 0, record, "--role", TEAM)
    assert does("grants", "show", number)["milestones"][1]["state"] == "overdue"
    assert does("grants", "lapse", number, 1, "--role", FUNDER)["state"] == "lapsed"
    assert free(does, programme) == (FUNDS - 100, 100)


def test_learners_of_a_list_are_paid_by_anybody(does, refused, due, registered, tmp_path, programme):
    lines = [f"{address(role)},30" for role in LEARNERS]
    (tmp_path / "learners.csv").write_text("\n".join(["account,total", *lines]) + "\n")
    number = due((60, 'learners = "learners.csv"'))
    does("grants", "release", number, 0, registered("course", ATTESTER), "--role", TEAM)
    pay = ("grants", "pay", number, 0, "learners.csv", "--account", address(LEARNERS[0]), "--role", FUNDER)
    assert does(*pay)["amount"] == str(30 * COIN)
    assert "learner was paid" in refused(*pay)
    assert "is not on the list" in refused(*pay[:-3], address(FUNDER), *pay[-2:])
    (tmp_path / "learners.csv").write_text(f"account,total\n{address(FUNDER)},60\n")
    assert "is not the list of milestone 0" in refused(*pay)


def test_who_voted_who_has_an_interest_and_who_objects(does, refused, propose, client, programme):
    number = propose((100, ""))
    assert does("grants", "vote", number, "--role", MEMBERS[0])["votes"] == [address(MEMBERS[0]).lower()]
    does("grants", "vote", number, "--take-back", "--role", MEMBERS[0])
    said = does("grants", "recuse", number, "--reason", "my firm is paid", "--role", MEMBERS[0])
    assert said["without_vote"] == [address(MEMBERS[0]).lower()]
    assert "has an interest" in refused("grants", "vote", number, "--role", MEMBERS[0])
    assert "not a member" in refused("grants", "vote", number, "--role", TEAM)
    for role in MEMBERS[1:]:
        said = does("grants", "vote", number, "--role", role)
    assert (said["state"], said["needed"]) == ("in notice", 2)
    objection = ("grants", "object", number, "--operator", address("operator"), "--role", "delegator")
    said = does(*objection)
    assert (said["state"], int(said["objections"]) > 0) == ("stopped by stake", True)
    assert "stake must not have stopped it" in refused(*objection)
    assert does("grants", "count", "--role", TEAM) == {"counted": 0, "total": said["objections"]}


def test_the_timelock_names_another_committee(does, refused, propose, passes, programme):
    number = propose()
    named = ("grants", "committee", programme, "--member", address("holder"), "--needed", 1, "--role", "deployer")
    assert does(*named)["done"] is False
    passes(3 * DAY)
    assert does(*named)["done"] is True
    does("grants", "vote", number, "--role", MEMBERS[0])
    passes(7 * DAY)
    assert does("grants", "show", number)["state"] == "committee has changed"
    assert "committee has changed" in refused("grants", "vote", number, "--role", MEMBERS[1])
    does("grants", "vote", propose(), "--role", "holder")


def test_a_token_is_listed_once(does, refused):
    assert does("grants", "list-token", "--role", "deployer") == {"ready": 0, "done": True}
    alone = ("grants", "list-token", "--token", address("holder"), "--role", "deployer")
    assert "go together" in refused(*alone, status=2)


# bad input ------------------------------------------------------------------------------------------------------------


def test_evidence_that_is_withdrawn_between_vote_and_release(does, refused, due, registered, programme):
    number, record = due(), registered("gone", ATTESTER)
    does("prov", "withdraw", record, "--status", "revoked", "--reason", "wrong", "--role", TEAM)
    assert "active: revoked" in refused("grants", "release", number, 0, record, "--role", TEAM)
    assert free(does, programme) == (FUNDS - 100, 100)


def test_an_attestation_that_is_missing(refused, due, registered):
    number, record = due(), registered("nobody says so")
    assert "0 of 1 attestations stand" in refused("grants", "release", number, 0, record, "--role", TEAM)
    assert "not attested" in refused("grants", "evidence", number, 0, record)


def test_a_record_that_was_shown_before(does, refused, due, registered):
    number, record = due((10, ""), (10, "")), registered("twice", ATTESTER)
    does("grants", "release", number, 0, record, "--role", TEAM)
    assert "pending: released" in refused("grants", "release", number, 0, record, "--role", TEAM)
    does("prov", "attest", record, "--schema", f"{SCHEMA} 1", "--role", ATTESTER)
    assert "not shown before" in refused("grants", "release", number, 1, record, "--role", TEAM)


def test_a_release_before_the_notice_is_over(does, refused, propose, registered):
    number, record = propose(), registered("early", ATTESTER)
    assert "voting" in refused("grants", "release", number, 0, record, "--role", TEAM)
    for role in MEMBERS[:2]:
        does("grants", "vote", number, "--role", role)
    assert "in notice" in refused("grants", "release", number, 0, record, "--role", TEAM)


def test_a_committee_without_a_quorum_leaves_the_money_to_the_funder(does, refused, propose, passes, programme):
    number = propose()
    for role in MEMBERS[:2]:
        does("grants", "recuse", number, "--reason", "interest", "--role", role)
    assert does("grants", "vote", number, "--role", MEMBERS[2])["state"] == "without a quorum"
    assert "has not ended" in refused("grants", "take-back", programme, "--role", TEAM)
    passes(401 * DAY)
    assert does("grants", "show", number)["state"] == "programme has ended"
    does("grants", "take-back", programme, "--role", TEAM)
    assert free(does, programme) == (0, 0)


def test_evidence_that_stands_takes_nothing_back(does, refused, due, registered):
    number, record = due((100, VESTING)), registered("good", ATTESTER)
    assert "a release comes first" in refused("grants", "clawback", number, 0, "--role", FUNDER)
    does("grants", "release", number, 0, record, "--role", TEAM)
    assert "evidence stands" in refused("grants", "clawback", number, 0, "--role", FUNDER)


@pytest.mark.parametrize("args", [("show", 99), ("release", 99, 0, "ab" * 32), ("evidence", 99, 0, "ab" * 32)])
def test_a_proposal_that_is_not_there(refused, programme, args):
    role = () if args[0] != "release" else ("--role", TEAM)
    assert "there is no proposal 99" in refused("grants", *args, *role, status=2)


def test_a_programme_that_is_not_there(refused, programme):
    fund = ("grants", "fund", 99, "--amount", 1, "--role", FUNDER)
    assert "there is no programme 99" in refused(*fund, status=2)
    assert "there is no programme 99" in refused("grants", "status", "--programme", 99, status=2)


def test_a_milestone_that_is_not_there(refused, due):
    assert "has no milestone 5" in refused("grants", "release", due(), 5, "ab" * 32, "--role", TEAM, status=2)


def test_more_than_is_in_the_programme_is_not_carried(does, refused, propose):
    number = propose((FUNDS + 1, ""))
    does("grants", "vote", number, "--role", MEMBERS[0])
    assert "not enough in the programme" in refused("grants", "vote", number, "--role", MEMBERS[1])


# the index ------------------------------------------------------------------------------------------------------------


def test_the_index_says_of_a_programme_s_money_what_the_contract_says(
    does, keifu, due, registered, passes, programme, tmp_path
):
    """After a release into an escrow, one at once, a list that is paid in part and clawed back, and one that lapses."""
    lines = [f"{address(role)},20" for role in LEARNERS]
    (tmp_path / "learners.csv").write_text("\n".join(["account,total", *lines]) + "\n")
    number = due((100, VESTING), (30, ""), (40, 'learners = "learners.csv"'), (50, ""))
    records = [registered(f"evidence {at}", ATTESTER, milestone=at) for at in range(3)]
    for at, record in enumerate(records):
        does("grants", "release", number, at, record, "--role", TEAM)
    does("grants", "pay", number, 2, "learners.csv", "--account", address(LEARNERS[0]), "--role", FUNDER)
    passes(70 * DAY)
    does("grants", "lapse", number, 3, "--role", FUNDER)
    for at in (0, 2):
        does("prov", "withdraw", records[at], "--status", "revoked", "--reason", "wrong", "--role", TEAM)
        does("grants", "clawback", number, at, "--role", FUNDER)
    assert free(does, programme) == (FUNDS - 20 - 30 - 20, 0)
    assert keifu("index", "run", "--once", "--db", tmp_path / "index.sqlite")[0] == 0
    status, out, err = keifu("index", "check", "--db", tmp_path / "index.sqlite", "--json")
    assert status == 0, err
    assert json.loads(out)["compared"]["programmes"] == 1
