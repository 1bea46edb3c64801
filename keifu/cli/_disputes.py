"""What commands about disputes share: the model that judges, and a dispute that is played to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._market import market_of, provenance_of
from keifu.cli._types import IN_FOLDER
from keifu.units import coins

if TYPE_CHECKING:
    from keifu.chain import Deployment
    from keifu.cli.session import Session
    from keifu.compute.client.disputing import Dispute, Judge, Judged
    from keifu.inference.disputes.reading import Outcome, Reading

__all__ = ["SUITE", "dispute_of", "integers_option", "judge_of", "outcome_words", "reading_of", "suite_of"]

SUITE = ("InferenceDisputes", "InferenceGame", "ComputeMarket", "StakingHub", "KeifuToken")


def integers_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--integers", type=IN_FOLDER, required=True, help="The model as keifu model build wrote it.")(
        body
    )


def suite_of(session: Session) -> Deployment:
    return session.suite(*SUITE)


def reading_of(session: Session) -> Reading:
    from keifu.compute.client.disputing import reading_of as made

    return made(session.client, suite_of(session), session.record.first_block)


def judge_of(session: Session, integers: Path) -> Judge:
    from keifu.compute.client.disputing import Judge
    from keifu.inference.playable import loaded

    return Judge(loaded(integers), provenance_of(session), market_of(session))


def dispute_of(session: Session, reading: Reading, judged: Judged) -> Dispute:
    from keifu.compute.client.disputing import Dispute

    return Dispute(session.deployer, session.client, suite_of(session), reading, judged)


def outcome_words(outcome: Outcome) -> str:
    if outcome.is_convicted:
        return f"convicted: {coins(outcome.restitution)} coins to the payer, {coins(outcome.reward)} to the challenger"
    return "acquitted: the bond is the operator's"
