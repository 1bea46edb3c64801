"""`keifu prov declare`, `policy`, `restitution`, `rollback`, `history`, `store-links`, `impact`: what an environment
asks for, and what a withdrawal reaches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._prov_options import Registry, at_block, on_registry, record_argument
from keifu.cli._types import ADDRESS, DURATION, IN_FILE, Id, Text
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError
from keifu.spec.kinds import MAX_ENVIRONMENT_BYTES
from keifu.texts import one_line
from keifu.units import day

if TYPE_CHECKING:
    from keifu.compute.client.resting import RestingAnswer
    from keifu.provenance.impact import Impact

__all__ = ["declare", "history", "impact", "policy", "restitution", "rollback", "store_links"]


class _Need(click.ParamType):
    """One entry of a policy: words, how many of which attesters, and how old at most."""

    name = "words=n:address,…[:age]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from keifu.provenance import PolicyEntry
        from keifu.provenance.registry import schema_id

        words, equals, rest = str(value).rpartition("=")
        needed, _, others = rest.partition(":")
        people, _, age = others.partition(":")
        if not equals or not needed.isdigit() or not people:
            self.fail(
                f"{value!r} is none: WORDS=N:ADDRESS,…[:AGE], as in 'evaluation passed=1:0x…:30 days'", param, ctx
            )
        attesters = tuple(ADDRESS.convert(item, param, ctx) for item in people.split(","))
        return PolicyEntry(schema_id(words), int(needed), DURATION.convert(age, param, ctx) if age else 0, attesters)


def _asking(body: Any) -> Any:
    for option in (
        click.option("--sound", is_flag=True, help="Everything that an artefact was made from has to be active, too."),
        click.option("--needs", type=_Need(), multiple=True, help="An attestation that a promotion needs; repeatable."),
    ):
        body = option(body)
    return body


@verb(
    "declare",
    example='keifu prov declare production --needs "evaluation passed=1:0x…:30 days" --sound --key-file owner.json',
    access=Access.SEND,
)
@click.argument("name", type=Text(MAX_ENVIRONMENT_BYTES))
@_asking
@click.option("--restitution", type=ADDRESS, help="Whom a false heartbeat's damages go to.  [default: its owner]")
@json_option
@on_registry
def declare(
    registry: Registry, name: str, needs: tuple[Any, ...], sound: bool, restitution: str | None, json_out: bool
) -> None:
    """Declare an environment of yours, with what a promotion needs; print its id."""
    from ethwire.constants import ZERO_ADDRESS

    to = restitution or ZERO_ADDRESS
    made = registry.source.declare(name, needs, registry.account, sound=sound, restitution=to)
    emit({"environment": made.hex(), "owner": registry.account.address, "sound": sound}, made.hex(), json_out)


@verb("policy", example="keifu prov policy production --sound --key-file owner.json", access=Access.SEND)
@click.argument("environment")
@_asking
@json_option
@on_registry
def policy(registry: Registry, environment: str, needs: tuple[Any, ...], sound: bool, json_out: bool) -> None:
    """Announce what promotions in ENVIRONMENT need; after a day it replaces the whole policy."""
    key = registry.source.environment(environment, registry.account.address)
    event = registry.source.announce(key, needs, registry.account, sound=sound).events("PolicyAnnounced")[0]
    document = {"environment": key.hex(), "version": event.version, "from": event.effective_from}
    emit(document, f"policy {event.version} counts from second {event.effective_from}", json_out)


@verb("restitution", example="keifu prov restitution production 0x… --key-file owner.json", access=Access.SEND)
@click.argument("environment")
@click.argument("to", type=ADDRESS)
@json_option
@on_registry
def restitution(registry: Registry, environment: str, to: str, json_out: bool) -> None:
    """Announce who receives the damages for a false heartbeat; it counts a day later."""
    key = registry.source.environment(environment, registry.account.address)
    event = registry.source.redirect(key, to, registry.account).events("RestitutionAnnounced")[0]
    document = {"environment": key.hex(), "to": to, "from": event.effective_from}
    emit(document, f"{to} counts from second {event.effective_from}", json_out)


@verb("rollback", example="keifu prov rollback production 3 --key-file owner.json", access=Access.SEND)
@click.argument("environment")
@click.argument("seq", type=click.IntRange(1))
@json_option
@on_registry
def rollback(registry: Registry, environment: str, seq: int, json_out: bool) -> None:
    """Go back to promotion SEQ of ENVIRONMENT; its attestations must exist, but may be older than the policy asks."""
    key = registry.source.environment(environment, registry.account.address)
    made = registry.source.rollback(key, seq, registry.account)
    emit({"environment": key.hex(), "seq": made, "to": seq}, f"promotion {made}", json_out)


@verb("history", example="keifu prov history production --owner 0x…", access=Access.READ)
@click.argument("environment")
@click.option("--owner", type=ADDRESS, help="Owner of the environment, when it is given by a name of his.")
@json_option
@on_registry
@at_block
def history(registry: Registry, environment: str, owner: str | None, json_out: bool) -> None:
    """List everything that ENVIRONMENT ever ran, each promotion proved."""
    made = registry.proved.history(registry.environment(environment, owner))
    lines = [f"{seq:>4}  {artefact.hex()}  block {block}" for seq, artefact, block in made]
    rows = [{"seq": seq, "artefact": artefact.hex(), "block": block} for seq, artefact, block in made]
    emit(rows, "\n".join(lines) or "nothing was ever promoted", json_out)


@verb("store-links", example="keifu prov store-links 6c2e98f1 --key-file anyone.json", access=Access.SEND)
@record_argument()
@json_option
@on_registry
def store_links(registry: Registry, record_id: Id, json_out: bool) -> None:
    """Store on chain what a record was made from, for policies that ask for a sound lineage. Anyone may do it."""
    from keifu.provenance.lineage import walk

    root = registry.record_id(record_id)
    lineage = walk(registry.source, root)
    stored = registry.source.store_links(lineage.parents_first(), registry.account)
    emit({"id": root.hex(), "stored": stored}, f"{stored} of {len(lineage.entries)} records written down", json_out)


@verb("impact", example="keifu prov impact 4ad8a8f0", access=Access.READ)
@record_argument()
@click.option("--label", "proof_file", type=IN_FILE, help="One label of it, as `keifu prov prove-label` wrote it.")
@click.option("--labels", type=IN_FILE, help="The anchored batch, to ask about one label of it.")
@click.option("--anchorer", type=ADDRESS, help="Who anchored the batch.  [default: the record's author]")
@click.option("--sample", type=click.IntRange(0), help="The label's sample, by its index.")
@click.option("--answers", is_flag=True, help="Also list the answers of this machine's client that rest on it.")
@client_folder
@json_option
@on_registry
@at_block
def impact(
    registry: Registry,
    record_id: Id,
    proof_file: Path | None,
    labels: Path | None,
    anchorer: str | None,
    sample: int | None,
    answers: bool,
    folder: Path | None,
    json_out: bool,
) -> None:
    """List what rests on a record, or on one label of it: records, environments and, with --answers, what this client
    was answered by them. Exit status 1 when it was withdrawn and an environment still runs on it. What is listed is
    proved; whether it is all is the node's word."""
    from keifu.provenance.impact import impact as find

    if (labels is None) != (sample is None):
        raise UsageError("--labels and --sample go together", remedy="name the batch, and the sample in it")
    if proof_file is not None and labels is not None:
        raise UsageError("--label and --labels both name a label", remedy="give the proof of one, or the batch")
    root = registry.record_id(record_id)
    leaf = None
    if proof_file is not None:
        from keifu.provenance.label_check import read_proof

        leaf, _ = read_proof(proof_file)
    if labels is not None and sample is not None:
        from keifu.provenance.labels import LabelBatch

        batch = LabelBatch.read(labels, registry.source.domain)
        leaf = batch.proof_of(sample, anchorer or registry.source.author_of(root))
    found = find(registry.proved, root, leaf)
    given = _answers(registry, found, folder) if answers else None
    document = _document(found) | ({} if given is None else {"answers": [item.data() for item in given]})
    emit(document, "\n".join((_text(found), *_answer_lines(given))), json_out)
    if found.withdrawn and found.running:
        places = ", ".join(made.environment.hex()[:8] for made in found.running)
        raise CheckFailed(f"withdrawn, and still run by {places}", remedy="promote what does not rest on it")


def _answers(registry: Registry, found: Impact, folder: Path | None) -> list[RestingAnswer]:
    from keifu.compute.client.resting import resting_answers
    from keifu.compute.client.store import Store, usual_folder
    from keifu.provenance.impact import promotions_of

    digests = {entry.record.digest for entry in found.records}
    with Store(folder or usual_folder(), writes=False) as store:
        return resting_answers(store, promotions_of(registry.proved, found), digests)


def _answer_lines(given: list[RestingAnswer] | None) -> list[str]:
    if given is None:
        return []
    fees = sum(item.receipt.fee for item in given)
    lines = [f"{len(given)} answers of this client rest on it; fees of {fees}"]
    for item in given:
        request, place = item.request, item.receipt.environment.hex()[:8]
        words = one_line(f"{request.model} of {request.provider}")
        lines.append(f"  {day(request.time)}  request {request.id}  {words}  {place} "
                     f"promotion {item.receipt.promotion_seq}")  # fmt: skip
    return lines


def _document(found: Impact) -> dict[str, Any]:
    leaf = found.leaf
    return {
        "root": found.root.id.hex(),
        "status": found.root.status.word,
        "leaf": None if leaf is None else {"index": leaf.proof.label.index, "revokedAt": leaf.revoked_at},
        "records": [
            {"id": entry.id.hex(), "kind": entry.record.kind.word, "status": entry.status.word,
             "via": found.via[entry.id].hex()}
            for entry in found.resting
        ],
        "environments": [
            {"id": made.environment.hex(), "owner": made.owner, "artefact": made.artefact.hex(), "seq": made.seq,
             "runs": made in found.running}
            for made in (*found.running, *found.past)
        ],
    }  # fmt: skip


def _text(found: Impact) -> str:
    root = found.root
    lines = [f"{root.record.kind.word} {root.id.hex()} is {root.status.word}"]
    if found.leaf is not None:
        since = f"taken back in second {found.leaf.revoked_at}" if found.leaf.revoked_at else "stands"
        lines.append(f"label of sample {found.leaf.proof.label.index}: {since}")
    lines.append(f"{len(found.resting)} records rest on it")
    for entry in found.resting:
        words = " ".join(filter(None, (entry.record.kind.word, entry.record.version, entry.status.word)))
        lines.append(f"  {entry.id.hex()[:8]}  {one_line(words)}  from {found.via[entry.id].hex()[:8]}")
    lines += [f"! {made.environment.hex()[:8]} runs {made.artefact.hex()[:8]}" for made in found.running]
    lines += [f"  {made.environment.hex()[:8]} once ran one of them" for made in found.past]
    return "\n".join(lines)
