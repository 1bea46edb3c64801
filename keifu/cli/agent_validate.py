"""`keifu agent`: what validators are asked of agents, and what they answer. The work is done in keifu/agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._agents import contract, first_block
from keifu.cli._identity import (
    IDENTITY,
    VALIDATION,
    VALIDATOR,
    agent_argument,
    identity,
    is_own,
    registries,
    require_own,
)  # fmt: skip
from keifu.cli._ids import the_one
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, BYTES32, RECORD, Id, Text
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.spec.agent_limits import BEST, MAX_TAG, MAX_URI

if TYPE_CHECKING:
    from keifu.agents.actions import Audit
    from keifu.cli.session import Session

__all__ = ["answer", "answer_audit", "answer_faults", "ask", "ask_audit", "ask_faults", "record", "validations"]

REGISTRY = "ProvenanceRegistry"
SHOWN = 16  # digits of a request in a list

salt_option = click.option(
    "--salt", type=BYTES32, default=bytes(32), help="Another one makes another request of the same question."
)
operator_option = click.option("--operator", type=ADDRESS, help="Whose faults.  [default: the agent's wallet]")
hash_option = click.option("--hash", "digest", type=BYTES32, default=bytes(32), help="Hash of the file at --uri.")


def _about_audit(body: Callable[..., Any]) -> Callable[..., Any]:
    """Which audit: whose words about which record."""
    for option in (
        click.option("--record", type=RECORD, required=True, help="Record of the agent's data; its first digits do."),
        click.option("--schema", required=True, help="The words under which it was attested."),
        click.option("--attester", type=ADDRESS, required=True, help="Who attested it."),
    ):
        body = option(body)
    return body


@verb("ask", example="keifu agent ask 0 --validator 0x… --request 9c41…e2 --role author", access=Access.SEND)
@agent_argument
@click.option("--validator", type=ADDRESS, required=True, help="Who is asked.")
@click.option("--request", type=BYTES32, required=True, help="A hash that commits to what is asked; it counts once.")
@click.option("--uri", type=Text(MAX_URI), default="", help="Where the question is.")
@json_option
def ask(session: Session, agent: int, validator: str, request: bytes, uri: str, json_out: bool) -> None:
    """Ask a validator about your agent."""
    from keifu.agents import actions

    actions.ask(session.deployer, registries(session, VALIDATION), agent, validator, request, uri)
    document = {"agent": agent, "validator": validator, "request": request.hex()}
    emit(document, f"{validator} is asked {request.hex()}", json_out)


@verb("answer", example="keifu agent answer 9c41…e2 --response 90 --tag safety --role evaluator", access=Access.SEND)
@click.argument("request", type=BYTES32)
@click.option("--response", type=click.IntRange(0, BEST), required=True, help="From 0 to 100.")
@click.option("--tag", type=Text(MAX_TAG), default="", help="What was looked at.")
@click.option("--uri", type=Text(MAX_URI), default="", help="Where a file is that says more.")
@hash_option
@json_option
def answer(session: Session, request: bytes, response: int, tag: str, uri: str, digest: bytes, json_out: bool) -> None:
    """Answer as the validator that was asked; a later answer takes the place of this one."""
    from keifu.agents import actions

    suite = registries(session, VALIDATION)
    actions.answer(session.deployer, suite, request, response, uri=uri, digest=digest, tag=tag)
    emit({"request": request.hex(), "response": response}, f"{response} to request {request.hex()}", json_out)


@verb("validations", example="keifu agent validations 0 --json", access=Access.READ)
@agent_argument
@json_option
def validations(session: Session, agent: int, json_out: bool) -> None:
    """List what validators were asked of an agent, and what they answered last."""
    from keifu.agents.status import read_validations
    from keifu.keys import checksum

    found = read_validations(session.client, contract(session, VALIDATION), agent, first_block(session, VALIDATION))
    if json_out:
        emit({"validations": [validation.document() for validation in found]}, "", json_out)
        return
    rows = [
        (
            validation.request.hex()[:SHOWN] + "…",
            checksum(validation.validator),
            "not yet" if validation.response is None else str(validation.response),
            validation.tag,
        )
        for validation in found
    ]
    table(("request", "validator", "answer", "tag"), rows, empty="no validator was asked")


@verb("ask-faults", example="keifu agent ask-faults 0 --role author", access=Access.SEND)
@agent_argument
@operator_option
@salt_option
@json_option
def ask_faults(session: Session, agent: int, operator: str | None, salt: bytes, json_out: bool) -> None:
    """Ask whether the court has convicted your agent's operator, which its wallet is. Nobody's opinion is asked."""
    from keifu.agents import actions

    suite, who = registries(session, VALIDATION, VALIDATOR), operator or _wallet(session, agent)
    request = actions.ask_about_faults(session.deployer, suite, agent, who, salt)
    emit({"agent": agent, "operator": who, "request": request.hex()}, f"asked of {who}: {request.hex()}", json_out)


@verb("answer-faults", example="keifu agent answer-faults 0 --case 3 --role accuser", access=Access.SEND)
@agent_argument
@operator_option
@salt_option
@click.option("--case", type=click.IntRange(1), help="The court's case that convicted it.  [default: answer 100]")
@json_option
def answer_faults(
    session: Session, agent: int, operator: str | None, salt: bytes, case: int | None, json_out: bool
) -> None:
    """Have `ask-faults` answered: 0 for ever with a case that convicted the operator, else 100. Anybody may."""
    from keifu.agents import actions

    suite, who = registries(session, VALIDATION, VALIDATOR), operator or _wallet(session, agent)
    response = actions.answer_faults(session.deployer, suite, agent, who, salt, case)
    emit({"agent": agent, "operator": who, "response": response}, f"{response}: {who}", json_out)


@verb("record", example="keifu agent record 0 --role author", access=Access.SEND)
@agent_argument
@json_option
def record(session: Session, agent: int, json_out: bool) -> None:
    """Register a record of the data that an agent has now, for audits of it; print the record's id."""
    from keifu.agents import actions

    suite = registries(session, IDENTITY, REGISTRY)
    require_own(session)
    made = actions.record_data(session.deployer, suite, session.client.chain_id, agent)
    emit({"agent": agent, "record": made.hex()}, made.hex(), json_out)


@verb("ask-audit", example='keifu agent ask-audit 0 --attester 0x… --schema "audit passed" --record 6c2e --role author',
      access=Access.SEND)  # fmt: skip
@agent_argument
@_about_audit
@salt_option
@json_option
def ask_audit(session: Session, agent: int, salt: bytes, json_out: bool, **about: Any) -> None:
    """Ask whether an attestation about your agent's data stands."""
    from keifu.agents import actions

    suite, audit = registries(session, VALIDATION, VALIDATOR, REGISTRY), _audit(session, **about)
    request = actions.ask_about_audit(session.deployer, suite, agent, audit, salt)
    document = {"agent": agent, "attester": audit.attester, "record": audit.record_id.hex(), "request": request.hex()}
    emit(document, f"asked of record {audit.record_id.hex()}: {request.hex()}", json_out)


@verb("answer-audit", example='keifu agent answer-audit 0 --attester 0x… --schema "audit passed" --record 6c2e '
      '--role buyer', access=Access.SEND)  # fmt: skip
@agent_argument
@_about_audit
@salt_option
@json_option
def answer_audit(session: Session, agent: int, salt: bytes, json_out: bool, **about: Any) -> None:
    """Have `ask-audit` answered: 100 if the attestation stands and is about the data of now, else 0. Anybody may."""
    from keifu.agents import actions

    suite, audit = registries(session, VALIDATION, VALIDATOR, REGISTRY, IDENTITY), _audit(session, **about)
    require_own(session)
    response = actions.answer_audit(session.deployer, suite, agent, audit, salt)
    document = {"agent": agent, "record": audit.record_id.hex(), "response": response}
    emit(document, f"{response}: record {audit.record_id.hex()}", json_out)


def _wallet(session: Session, agent: int) -> str:
    """Raises UsageError for an agent without a wallet."""
    from keifu.agents.status import read_agent

    found = read_agent(identity(session), agent, own=is_own(session))
    if not found.has_wallet:
        raise UsageError(f"agent {agent} has no wallet, which its operator would be", remedy="--operator ADDRESS")
    return found.wallet


def _audit(session: Session, attester: str, schema: str, record: Id) -> Audit:
    """What is asked. Raises UsageError for a record that nobody registered."""
    from keifu.agents.actions import Audit
    from keifu.provenance.registry import Provenance, schema_id

    suite = session.suite(REGISTRY)
    source = Provenance(session.client, suite[REGISTRY], first_block=first_block(session, REGISTRY))
    whole = (
        record if record.whole else the_one(record, [each.hex() for each in source.beginning_with(record)], "record")
    )
    record_id = bytes.fromhex(whole)
    entry = source.entry(record_id)
    if entry is None:
        raise UsageError(f"there is no record {whole}", remedy="keifu agent record makes one of the data")
    return Audit(attester, schema_id(schema), entry.record.args, record_id)
