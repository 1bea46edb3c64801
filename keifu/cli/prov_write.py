"""`keifu prov register`, `attest`, `promote`, `withdraw`: what sends a transaction."""

from __future__ import annotations

from pathlib import Path

import click

from keifu.cli._prov_options import Session, as_json, chain_options, emit, key_option, record_argument
from keifu.cli.prov_bytes import with_progress
from keifu.errors import InputError
from keifu.provenance._model import Attestation, Kind, Link, Record, Status, digest_bytes
from keifu.provenance.registry import schema_id
from keifu.provenance.statement import canonical, manifest_hash, statement

__all__ = ["attest", "promote", "register", "withdraw"]


def _links(values: tuple[str, ...]) -> tuple[Link, ...]:
    links: list[Link] = []
    for value in values:
        relation, _, parent = value.partition("=")
        if not parent:
            raise InputError(f"{value!r} is no link", remedy="RELATION=ID, as in trained-on=4ad8…")
        links.append(Link(relation, parent))  # type: ignore[arg-type]  # words and hex are read by Link
    return tuple(links)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--kind", required=True, type=click.Choice([kind.word for kind in Kind]))
@click.option("--link", "links", multiple=True, metavar="RELATION=ID", help="a parent; may be repeated, 16 at most")
@click.option("--version", default="", help="as its author counts")
@click.option("--licence", default="", help="SPDX identifier")
@click.option("--uri", default="", help="where the bytes are")
@click.option("--statement-out", type=click.Path(path_type=Path), help="write the in-toto statement here")
@key_option
@as_json
@chain_options
def register(
    session: Session,
    path: Path,
    kind: str,
    links: tuple[str, ...],
    version: str,
    licence: str,
    uri: str,
    statement_out: Path | None,
    key_file: Path | None,
    role: str,
    json_out: bool,
) -> None:
    """Digest PATH and register it; prints the record's id.

    \b
    Relations: derived-from, trained-on, labelled-by, fine-tuned-from, quantised-from, evaluated-on, supersedes.
    Example: keifu prov register ./weights --kind weights --link trained-on=4ad8… --key-file author.json
    """
    author = session.account(key_file, role)
    parents = _links(links)
    found = with_progress(path)
    body = canonical(statement(path.name, found.root, {"version": version, "bytes": found.size}, kind))
    record = Record(
        author.address,
        Kind[kind.upper().replace("-", "_")],
        found.root,
        manifest=manifest_hash(body),
        uri=uri,
        licence=licence,
        version=version,
        links=parents,
    )
    record_id = session.source.register(record, author)
    if statement_out is not None:
        statement_out.write_bytes(body)
    emit({"id": record_id.hex(), "record": record.to_json()}, record_id.hex(), json_out)


@click.command()
@record_argument()
@click.option("--schema", required=True, help="what is attested, in words; policies name the same words")
@click.option("--expiry", default=0, help="unix seconds; 0: never")
@click.option("--irrevocable", is_flag=True, help="it cannot be taken back before its expiry")
@click.option("--data", default="", metavar="SHA256", help="digest of a report")
@key_option
@as_json
@chain_options
def attest(
    session: Session,
    record_id: bytes,
    schema: str,
    expiry: int,
    irrevocable: bool,
    data: str,
    key_file: Path | None,
    role: str,
    json_out: bool,
) -> None:
    """Stand by a record under a schema.

    \b
    Example: keifu prov attest 6c2e98… --schema "evaluation passed" --key-file evaluator.json
    """
    attester = session.account(key_file, role)
    report = digest_bytes(data, "data") if data else bytes(32)
    said = Attestation(schema_id(schema), record_id, expiry, not irrevocable, data=report)
    receipt = session.source.attest(said, attester)
    document = {"attester": attester.address, "schema": said.schema.hex(), "subject": record_id.hex()}
    emit(document | {"transaction": receipt.tx_hash}, f"attested by {attester.address}", json_out)


@click.command()
@click.argument("environment")
@record_argument()
@key_option
@as_json
@chain_options
def promote(
    session: Session, environment: str, record_id: bytes, key_file: Path | None, role: str, json_out: bool
) -> None:
    """Make a record the one that ENVIRONMENT (a name of one's own, or an id) runs; its policy decides.

    \b
    Example: keifu prov promote production 6c2e98… --key-file owner.json
    """
    owner = session.account(key_file, role)
    key = session.source.environment(environment, owner.address)
    seq = session.source.promote(key, record_id, owner)
    emit({"environment": key.hex(), "seq": seq, "artefact": record_id.hex()}, f"promotion {seq}", json_out)


@click.command()
@record_argument()
@click.option("--status", type=click.Choice(["deprecated", "revoked"]), default="revoked", show_default=True)
@click.option("--reason", required=True, help="for whoever relied on it")
@key_option
@as_json
@chain_options
def withdraw(
    session: Session, record_id: bytes, status: str, reason: str, key_file: Path | None, role: str, json_out: bool
) -> None:
    """Mark a record of one's own deprecated or revoked, for good.

    \b
    Example: keifu prov withdraw 4ad8a8… --reason "labels were copied" --key-file author.json
    """
    author = session.account(key_file, role)
    session.source.withdraw(record_id, Status[status.upper()], reason, author)
    emit({"id": record_id.hex(), "status": status, "reason": reason}, status, json_out)
