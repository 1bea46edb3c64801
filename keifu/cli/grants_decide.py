"""`keifu grants open`, `fund`, `take-back`, `propose`, `vote`, `recuse`, `object`, `count`: who decides about money."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._grants import NUMBER, proposal_argument, reader_of, said_of, smallest_units, suite_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, DURATION, IN_FILE, CoinsAsWritten, Text
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.units import coins, counted, day

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["committee", "count", "fund", "list_token", "object_", "open_", "propose", "recuse", "take_back", "vote"]

WHOLE = 100  # per cent
REASON_BYTES = 128


@verb(
    "open",
    example="keifu grants open --member 0x… --member 0x… --needed 2 --runs '2 years' --role funder",
    access=Access.SEND,
)
@click.option("--member", "members", type=ADDRESS, multiple=True, required=True, help="Of the committee; repeatable.")
@click.option("--needed", type=click.IntRange(1), required=True, help="Votes that carry a proposal.")
@click.option("--runs", type=DURATION, required=True, help="How long: later nothing is carried, and you may take back.")
@click.option("--notice", type=DURATION, default="3 days", show_default=True, help="In which stake may object.")
@click.option(
    "--objection", type=click.FloatRange(0.01, WHOLE), default=10.0, show_default=True,
    help="Per cent of delegated coins that stop a proposal.",
)  # fmt: skip
@click.option("--token", type=ADDRESS, help="Listed token that is given.  [default: the suite's coin]")
@json_option
def open_(
    session: Session,
    members: tuple[str, ...],
    needed: int,
    runs: int,
    notice: int,
    objection: float,
    token: str | None,
    json_out: bool,
) -> None:
    """Open a programme. You are its funder: what nobody was given is yours again after the last day. All of it is for
    ever; later committees are named by the timelock."""
    from keifu.chain.suite import TOKEN
    from keifu.grants import actions

    suite, last = suite_of(session), session.client.now + runs
    number = actions.open_programme(
        session.deployer, suite, token or suite[TOKEN], members, needed,
        objection_bps=round(objection * WHOLE), notice=notice, last=last,
    )  # fmt: skip
    found = reader_of(session).programme(number)
    emit(found.data(), f"programme {number}: {needed} of {len(members)} carry a proposal, until {day(last)}", json_out)


@verb("list-token", example="keifu grants list-token --role deployer", access=Access.SEND)
@click.option("--token", type=ADDRESS, help="ERC-20 to list.  [default: the suite's coin]")
@click.option("--escrow", type=ADDRESS, help="Its VestingEscrow without a hub.  [default: the suite's]")
@json_option
def list_token(session: Session, token: str | None, escrow: str | None, json_out: bool) -> None:
    """Queue a token's listing in the timelock as its proposer, or execute it once the delay is over. A token keeps the
    escrow with which it was listed first; that escrow can take every coin of the token that is here."""
    from keifu.grants import actions

    if bool(token) != bool(escrow):
        raise UsageError("a token and its escrow go together", remedy="name both, or none for the suite's own")
    ready = actions.list_token(session.deployer, suite_of(session), token or "", escrow or "")
    _queued(ready, "the token is listed", json_out)


@verb(
    "committee", example="keifu grants committee 1 --member 0x… --member 0x… --needed 2 --role deployer",
    access=Access.SEND,
)  # fmt: skip
@click.argument("programme", type=NUMBER)
@click.option("--member", "members", type=ADDRESS, multiple=True, required=True, help="Of the committee; repeatable.")
@click.option("--needed", type=click.IntRange(1), required=True, help="Votes that carry a proposal.")
@json_option
def committee(session: Session, programme: int, members: tuple[str, ...], needed: int, json_out: bool) -> None:
    """Queue a programme's next committee in the timelock as its proposer, or execute it once the delay is over. It
    counts seven days later; what the one before has not carried by then is proposed again."""
    from keifu.grants import actions

    reader_of(session).programme(programme)
    ready = actions.name_committee(session.deployer, suite_of(session), programme, members, needed)
    _queued(ready, "the committee is named and counts in seven days", json_out)


@verb("fund", example="keifu grants fund 1 --amount 1000 --role funder", access=Access.SEND)
@click.argument("programme", type=NUMBER)
@click.option("--amount", type=CoinsAsWritten(), required=True, help="Coins of the programme's token.")
@json_option
def fund(session: Session, programme: int, amount: str, json_out: bool) -> None:
    """Pay into a programme. What is left in the end is its funder's, whoever paid."""
    from keifu.grants import actions

    reader = reader_of(session)
    paid = smallest_units(amount, reader.programme(programme))
    actions.fund(session.deployer, suite_of(session), programme, paid)
    found = reader.programme(programme)
    emit(found.data(), f"programme {programme}: {found.coins(found.free)} coins are free", json_out)


@verb("take-back", example="keifu grants take-back 1 --role funder", access=Access.SEND)
@click.argument("programme", type=NUMBER)
@json_option
def take_back(session: Session, programme: int, json_out: bool) -> None:
    """Send the funder of a programme what is free, after its last day, whoever you are."""
    from keifu.grants import actions

    reader = reader_of(session)
    paid = actions.take_back(session.deployer, suite_of(session), programme)
    found = reader.programme(programme)
    emit(found.data(), f"programme {programme}: {found.coins(paid)} coins went to {found.funder}", json_out)


@verb("propose", example="keifu grants propose proposal.toml --role team", access=Access.SEND)
@click.argument("draft", type=IN_FILE)
@json_option
def propose(session: Session, draft: Path, json_out: bool) -> None:
    """Propose to pay a grantee for the milestones of DRAFT, a TOML file. Deadlines count from now.

    \b
    programme = 1
    grantee = "0x…"
    statement = "proposal.md"    # its hash stands on the chain
    uri = "https://…"
    [[milestones]]               # one to eight
    amount = "1000"
    within = "60 days"
    kind = "evaluation"          # of the record that is shown
    schema = "milestone is reached"
    attesters = ["0x…", "0x…"]
    needed = 2
    sound = true
    vesting = { step = "30 days", steps = 12, cliff = 3 }
    # or learners = "learners.csv", or neither: paid at once
    """
    from keifu.grants import actions

    reader = reader_of(session)
    said = actions.read_proposal(reader, draft)
    number = actions.propose(session.deployer, suite_of(session), said, session.client.now)
    found, now = reader.proposal(number), session.client.now
    emit(found.data(now), said_of(found, now), json_out)


@verb("vote", example="keifu grants vote 1 --role member", access=Access.SEND)
@proposal_argument
@click.option("--take-back", is_flag=True, help="Take your vote back, before the proposal is carried.")
@json_option
def vote(session: Session, proposal: int, take_back: bool, json_out: bool) -> None:
    """Vote for a proposal, as a member of the committee. The last vote that is needed reserves the money, and begins
    the notice in which stake may object; before it, delegated stake is counted (see `count`)."""
    from keifu.grants import actions

    actions.vote(session.deployer, suite_of(session), reader_of(session), proposal, approves=not take_back)
    _say(session, proposal, json_out)


@verb("recuse", example="keifu grants recuse 1 --reason 'my firm is paid' --role member", access=Access.SEND)
@proposal_argument
@click.option("--reason", type=Text(REASON_BYTES), required=True, help="Which interest you have; it is public.")
@json_option
def recuse(session: Session, proposal: int, reason: str, json_out: bool) -> None:
    """Say that you have an interest in a proposal: a vote of yours is gone, and you have none on it from then on."""
    from keifu.grants import actions

    actions.recuse(session.deployer, suite_of(session), proposal, reason)
    _say(session, proposal, json_out)


@verb("object", example="keifu grants object 1 --operator 0x… --role delegator", access=Access.SEND)
@proposal_argument
@click.option("--operator", type=ADDRESS, required=True, help="With whom you have stake.")
@json_option
def object_(session: Session, proposal: int, operator: str, json_out: bool) -> None:
    """Object to a proposal in its notice with what you have delegated to an operator. A stated share of all
    delegated coins stops it, and its money is free again. They are counted first (see `count`)."""
    from keifu.grants import actions

    actions.object_with_stake(session.deployer, suite_of(session), reader_of(session), proposal, operator)
    _say(session, proposal, json_out)


@verb("count", example="keifu grants count --role anybody", access=Access.SEND)
@json_option
def count(session: Session, json_out: bool) -> None:
    """Count what is delegated to operators, where that has changed: objections are a share of it. Anybody may. Whoever
    wants a proposal to stand does it before somebody objects; `vote` and `object` do it by themselves."""
    from keifu.grants import witness

    reader = reader_of(session)
    found = witness.count_stake(session.deployer, suite_of(session), reader)
    total = reader.witness.total_counted()
    emit({"counted": found, "total": str(total)}, f"{counted(found, 'pool')} counted: {coins(total)} coins", json_out)


def _queued(ready: int, done: str, json_out: bool) -> None:
    later = f"queued; the same command executes it after {day(ready)}"
    emit({"ready": ready, "done": not ready}, later if ready else done, json_out)


def _say(session: Session, proposal: int, json_out: bool) -> None:
    found, now = reader_of(session).proposal(proposal), session.client.now
    emit(found.data(now), said_of(found, now), json_out)
