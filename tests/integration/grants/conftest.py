"""A local chain whose suite has grant programmes: one of three members with money in it, and a record of its team's."""

from __future__ import annotations

from functools import partial

import pytest

from keifu.keys import Account
from keifu.local.suite import fund, warp
from keifu.units import DAY
from tests.integration.dwellers import anvil, chain, client, does, keifu, records

__all__ = ["anvil", "chain", "client", "does", "keifu", "records"]

MEMBERS = ("juror", "buyer", "evaluator")
TEAM, FUNDER, ATTESTER = "author", "owner", "labeller"
SCHEMA = "milestone is reached"
FUNDS = 500  # coins


def address(role: str) -> str:
    return Account.from_role(role).address


@pytest.fixture
def passes(client, chain):
    """Let time pass."""
    return partial(warp, client)


@pytest.fixture
def refused(keifu):
    """A command that must be refused: one line, with its remedy."""

    def refused(*args, status=1):
        found, _, err = keifu(*args)
        assert found == status, err
        assert err.count("\n") == 1
        assert err.rstrip().endswith(")"), err
        return err

    return refused


@pytest.fixture
def programme(does, client, records):
    """Of three members, two of whom carry a proposal."""
    for role in (FUNDER, TEAM, ATTESTER, *MEMBERS):
        fund(client, records, address(role), ether=1, coins=FUNDS)
    named = [word for role in MEMBERS for word in ("--member", address(role))]
    opened = does("grants", "open", *named, "--needed", 2, "--runs", "400 days", "--role", FUNDER)
    does("grants", "fund", opened["programme"], "--amount", FUNDS, "--role", FUNDER)
    return opened["programme"]


MILESTONE = """
[[milestones]]
amount = "{amount}"
within = "60 days"
kind = "evaluation"
schema = "{schema}"
attesters = ["{attester}"]
{more}
"""


@pytest.fixture
def propose(does, programme, tmp_path):
    """A proposal for the team, made by itself; its number. A milestone is so many coins, and more lines of the file."""

    def propose(*milestones, role=TEAM, programme=programme):
        parts = [
            MILESTONE.format(amount=amount, schema=f"{SCHEMA} {at}", attester=address(ATTESTER), more=more)
            for at, (amount, more) in enumerate(milestones or ((100, ""),))
        ]
        head = f'programme = {programme}\ngrantee = "{address(TEAM)}"\n'
        (tmp_path / "proposal.toml").write_text(head + "".join(parts))
        return does("grants", "propose", "proposal.toml", "--role", role)["number"]

    return propose


@pytest.fixture
def due(propose, does, passes):
    """A proposal that two members carried, and whose notice is over."""

    def due(*milestones):
        number = propose(*milestones)
        for role in MEMBERS[:2]:
            does("grants", "vote", number, "--role", role)
        passes(3 * DAY + 1)
        return number

    return due


@pytest.fixture
def registered(does, tmp_path):
    """An evaluation of the team's, by its text, attested by whoever is named; its id."""

    def registered(text="0.97 of 1,000 images", *attesters, milestone=0):
        (tmp_path / "evaluation.txt").write_text(text)
        record = does("prov", "register", "evaluation.txt", "--kind", "evaluation", "--role", TEAM)["id"]
        for role in attesters:
            does("prov", "attest", record, "--schema", f"{SCHEMA} {milestone}", "--role", role)
        return record

    return registered
