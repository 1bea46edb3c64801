"""`keifu prov register`, `attest`, `promote`, `withdraw`: what sends a transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from keifu._files import read_bounded
from keifu.cli._print import emit
from keifu.cli._prov_options import Registry, on_registry, record_argument
from keifu.cli._prov_signed import Signer, signed_by_another
from keifu.cli._prov_stored import stored_option, stored_root
from keifu.cli._types import BYTES32, IN_FILE, IN_PATH, MOMENT, OUT_PATH, RECORD, Id, Text
from keifu.cli.prov_bytes import reading, with_progress
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import InputError, UsageError
from keifu.spec.kinds import MAX_LINKS, MAX_NAME_BYTES, MAX_URI_BYTES, Kind, Relation, Status

__all__ = ["LINK", "attest", "promote", "register", "withdraw"]


class _LinkType(click.ParamType):
    """A relation and the id of a parent."""

    name = "relation=id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Relation, Id]:
        if isinstance(value, tuple):
            return value
        word, _, parent = value.partition("=")
        known = {relation.word: relation for relation in Relation}
        if not parent:
            self.fail(f"{value!r} is no link: RELATION=ID, as in trained-on=4ad8a8f0", param, ctx)
        if word not in known:
            self.fail(f"unknown relation {word!r}: one of {', '.join(known)}", param, ctx)
        return known[word], RECORD.convert(parent, param, ctx)


LINK = _LinkType()


@verb(
    "register",
    example="keifu prov register ./weights --kind weights --link trained-on=4ad8a8f0 --key-file author.json",
    access=Access.SEND,
)
@click.argument("path", type=IN_PATH)
@click.option("--kind", required=True, type=click.Choice([kind.word for kind in Kind]), help="Kind of the artefact.")
@click.option("--link", "links", type=LINK, multiple=True, help=f"A parent; repeatable, {MAX_LINKS} at most.")
@click.option("--version", type=Text(MAX_NAME_BYTES), default="", help="Version, in the author's own numbering.")
@click.option("--licence", type=Text(MAX_NAME_BYTES), default="", help="SPDX identifier.")
@click.option("--uri", type=Text(MAX_URI_BYTES), default="", help="Where the files can be found.")
@click.option(
    "--statement", "statements", type=IN_FILE, multiple=True,
    help="An in-toto statement about these bytes that the record commits to; repeatable.",
)  # fmt: skip
@click.option(
    "--model-signature", "signatures", type=IN_FILE, multiple=True,
    help="A signature of these files by OpenSSF's tool (model.sig), kept as evidence; repeatable.",
)  # fmt: skip
@stored_option
@click.option("--manifest-out", type=OUT_PATH, help="File for the manifest, beside the one that this machine keeps.")
@signed_by_another
@reading
@json_option
@on_registry
def register(
    registry: Registry,
    path: Path,
    kind: str,
    links: tuple[tuple[Relation, Id], ...],
    version: str,
    licence: str,
    uri: str,
    statements: tuple[Path, ...],
    signatures: tuple[Path, ...],
    stored: Any,
    manifest_out: Path | None,
    signer: Signer | None,
    ignore: tuple[str, ...],
    links_followed: bool,
    json_out: bool,
) -> None:
    """Register a file or folder under its digest and the names of its files, with its parents; print the record's id.
    The record of a token model's integers also has the root of their program.

    Relations: derived-from, trained-on, labelled-by, fine-tuned-from, quantised-from, evaluated-on, supersedes.
    """
    if len(links) > MAX_LINKS:
        raise UsageError(f"{len(links)} links, at most {MAX_LINKS} fit", remedy="link to a record that links on")
    if stored is not None and (uri or statements or signatures or manifest_out):
        raise UsageError(
            "a record of what is stored names its content root and address alone",
            remedy="leave --uri, --statement, --model-signature and --manifest-out out",
        )
    found = with_progress(path, ignore, links_followed)
    from keifu.provenance import Link, Record
    from keifu.provenance.documents import Documents, kept_folder
    from keifu.provenance.manifest import Manifest
    from keifu.provenance.statement import LARGEST_STATEMENT, read_statement

    bodies = [read_bounded(item, LARGEST_STATEMENT, "a statement") for item in statements]
    if signatures:
        from keifu.provenance.signature import signature_statement

        bodies += [signature_statement(item, Manifest.of(found)) for item in signatures]
    if kind == Kind.LABEL_SET.word and stored is None:
        bodies += _label_statements(registry, path, found.root)
    for body in bodies:
        read_statement(body, found.root)
    manifest = Manifest.of(found, bodies)
    digest, named = found.root, manifest.hash
    if stored is not None:  # the names of its files are in storage, too
        digest, uri = stored_root(registry, path, stored)
        named, bodies = bytes(len(digest)), []
    signature = signer.read() if signer else b""
    record = Record(
        signer.account if signer else registry.account.address,
        Kind[kind.upper().replace("-", "_")],
        digest,
        program_root=_program(path) if kind == Kind.WEIGHTS.word and stored is None else bytes(len(digest)),
        manifest=named,
        uri=uri,
        licence=licence,
        version=version,
        links=tuple(Link(relation, registry.record_id(parent)) for relation, parent in links),
    )
    documents = Documents(kept=kept_folder())
    for body in (manifest.body, *bodies) if stored is None else ():
        documents.keep(body)
    if manifest_out is not None:
        manifest_out.write_bytes(manifest.body)
    source = registry.source
    if signer is not None and signer.signs_later:
        nonce = source.registry.nonces(signer.account)
        document = source.domain.register_document(record, nonce, signer.deadline)
        digest = source.domain.register_digest(record, nonce, signer.deadline)
        signer.ask(document, digest, json_out, record=record.to_json())
        return
    if signer is not None:
        record_id = source.register_for(record, signer.deadline, signature, registry.account)
    else:
        record_id = source.register(record, registry.account)
    emit({"id": record_id.hex(), "record": record.to_json()}, record_id.hex(), json_out)


def _program(path: Path) -> bytes:
    """The root of the program that disputes open; zeros for weights that have none."""
    from keifu.inference.programs import disputed_root

    return disputed_root(path)


def _label_statements(registry: Registry, path: Path, digest: bytes) -> list[bytes]:
    """Who signed the labels, when the file is one that `keifu prov anchor` wrote; a set in another form says nothing of
    that."""
    from keifu.provenance.label_set import signers_statement
    from keifu.provenance.labels import LabelBatch

    try:
        batch = LabelBatch.read(path, registry.source.domain)
    except InputError:
        return []
    return [signers_statement(path, batch, digest)]


@verb(
    "attest",
    example='keifu prov attest 6c2e98f1 --schema "evaluation passed" --key-file evaluator.json',
    access=Access.SEND,
)
@record_argument()
@click.option("--schema", required=True, help="What is attested, in words; policies name the same words.")
@click.option("--expiry", type=MOMENT, default=0, help="Time after which it no longer counts.  [default: never]")
@click.option("--irrevocable", is_flag=True, help="Forbid to take it back before its expiry.")
@click.option("--data", type=BYTES32, default=bytes(32), help="SHA-256 of a report.")
@signed_by_another
@json_option
@on_registry
def attest(
    registry: Registry,
    record_id: Id,
    schema: str,
    expiry: int,
    irrevocable: bool,
    data: bytes,
    signer: Signer | None,
    json_out: bool,
) -> None:
    """Attest something about a record, under a schema."""
    signature = signer.read() if signer else b""
    from keifu.provenance import Attestation
    from keifu.provenance.registry import schema_id

    subject = registry.record_id(record_id)
    said = Attestation(schema_id(schema), subject, expiry, not irrevocable, data=data)
    source, attester = registry.source, signer.account if signer else registry.account.address
    if signer is not None and signer.signs_later:
        nonce = source.registry.nonces(attester)
        document = source.domain.attest_document(attester, said, nonce, signer.deadline)
        signer.ask(document, source.domain.attest_digest(attester, said, nonce, signer.deadline), json_out)
        return
    if signer is not None:
        receipt = source.attest_for(attester, said, signer.deadline, signature, registry.account)
    else:
        receipt = source.attest(said, registry.account)
    document = {"attester": attester, "schema": said.schema.hex(), "subject": subject.hex()}
    emit(document | {"transaction": receipt.tx_hash}, f"attested by {attester}", json_out)


@verb("promote", example="keifu prov promote production 6c2e98f1 --key-file owner.json", access=Access.SEND)
@click.argument("environment")
@record_argument()
@json_option
@on_registry
def promote(registry: Registry, environment: str, record_id: Id, json_out: bool) -> None:
    """Make a record the one that an environment (the name of one of yours, or an id) runs; its policy decides."""
    owner = registry.account
    key = registry.source.environment(environment, owner.address)
    artefact = registry.record_id(record_id)
    seq = registry.source.promote(key, artefact, owner)
    emit({"environment": key.hex(), "seq": seq, "artefact": artefact.hex()}, f"promotion {seq}", json_out)


@verb(
    "withdraw",
    example='keifu prov withdraw 4ad8a8f0 --reason "labels were copied" --key-file author.json',
    access=Access.SEND,
)
@record_argument()
@click.option(
    "--status",
    type=click.Choice(["deprecated", "revoked"]),
    default="revoked",
    show_default=True,
    help="State to mark it with.",
)
@click.option("--reason", required=True, help="Why, for whoever relied on it.")
@json_option
@on_registry
def withdraw(registry: Registry, record_id: Id, status: str, reason: str, json_out: bool) -> None:
    """Mark your record deprecated or revoked, for good."""
    withdrawn = registry.record_id(record_id)
    registry.source.withdraw(withdrawn, Status[status.upper()], reason, registry.account)
    emit({"id": withdrawn.hex(), "status": status, "reason": reason}, status, json_out)
