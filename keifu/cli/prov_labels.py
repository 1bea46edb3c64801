"""`keifu prov label`, `anchor`, `prove-label`, `check-label`, `revoke`: labels from a table to a proof, and back."""

from __future__ import annotations

import json
from pathlib import Path

import click

from keifu.cli._print import emit
from keifu.cli._prov_options import Registry, on_registry, verifying
from keifu.cli._types import ADDRESS, BYTES32, IN_FILE, OUT_PATH, RECORD, Id, Text
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, InputError, UsageError
from keifu.spec.kinds import MAX_URI_BYTES
from keifu.units import counted

__all__ = ["anchor", "check_label", "label", "prove_label", "revoke"]


@verb(
    "label",
    example="keifu prov label labels.csv --dataset 4ad8a8f0 --out labels.npz --key-file labeller.json",
    access=Access.SEND,
)
@click.argument("table", type=IN_FILE)
@click.option("--dataset", type=RECORD, required=True, help="The data set's record.")
@click.option("--out", type=OUT_PATH, required=True, help="File for the signed batch.")
@click.option("--salts", type=OUT_PATH, help="Hide each label behind a salt, and write the salts to this file.")
@json_option
@on_registry
def label(registry: Registry, table: Path, dataset: Id, out: Path, salts: Path | None, json_out: bool) -> None:
    """Sign every label of TABLE, a CSV of index, sample, label; nothing is sent.

    With --salts, an anchored label can be shown without the others, and is closed for good when its salt is deleted.
    """
    from keifu.provenance.label_set import faults, read_table, sign_table, write_salts

    rows = read_table(table)
    batch, openings = sign_table(
        registry.source.domain, registry.record_id(dataset), rows, registry.account, salts=salts is not None
    )
    _require_none(faults(batch))
    if salts is not None:
        write_salts(salts, rows, openings)
    batch.write(out)
    emit(
        {"labels": len(batch), "labeller": registry.account.address}, f"{counted(len(batch), 'label')} signed", json_out
    )


@verb("anchor", example="keifu prov anchor a.npz b.npz --out all.npz --key-file author.json", access=Access.SEND)
@click.argument("files", type=IN_FILE, nargs=-1, required=True)
@click.option("--dataset", type=RECORD, help="The data set that the labels must be of.")
@click.option("--out", type=OUT_PATH, required=True, help="File for the anchored batch, from which labels are proved.")
@click.option("--manifest", type=BYTES32, default=bytes(32), help="Hash of a document about the batch.")
@click.option("--uri", type=Text(MAX_URI_BYTES), default="", help="Where the batch is found.")
@click.option("--halves", is_flag=True, help="Let contracts check proofs without their last hash: 46,000 gas more.")
@json_option
@on_registry
def anchor(
    registry: Registry,
    files: tuple[Path, ...],
    dataset: Id | None,
    out: Path,
    manifest: bytes,
    uri: str,
    halves: bool,
    json_out: bool,
) -> None:
    """Fix the labels of FILES in one transaction; labels that are forged, twice, contradicting, or of another data set
    are named, and then nothing is sent."""
    from keifu.provenance.label_set import faults, join
    from keifu.provenance.labels import LabelBatch

    batch = join([LabelBatch.read(file, registry.source.domain) for file in files])
    wanted = registry.record_id(dataset) if dataset else None
    if registry.source.entry(batch.dataset) is None:
        raise CheckFailed(f"the labels are of {batch.dataset.hex()}, which is not registered here")
    unsigned = [int(batch.indices[row]) for row in batch.bad_signatures()]
    _require_none([*faults(batch, wanted), *([f"not signed as they stand: {unsigned[:10]}"] if unsigned else [])])
    tree = batch.tree()
    batch.write(out)
    known = tree.halves if halves else []
    registry.source.anchor(tree.root, len(batch), manifest, uri, registry.account, halves=known)
    emit(
        {"root": tree.root.hex(), "labels": len(batch), "anchorer": registry.account.address}, tree.root.hex(), json_out
    )


def _require_none(found: list[str]) -> None:
    if found:
        raise CheckFailed("; ".join(found), remedy="correct the table, and sign it again")


@verb(
    "prove-label",
    example="keifu prov prove-label all.npz --sample 77 --anchorer 0x… --out label.json",
    access=Access.READ,
)
@click.argument("file", type=IN_FILE)
@click.option("--sample", type=click.IntRange(0), required=True, help="The sample's index.")
@click.option("--anchorer", type=ADDRESS, required=True, help="Who anchored the batch.")
@click.option(
    "--salts",
    type=IN_FILE,
    help="The file of salts, when the labels are hidden; the salt of this label goes into the proof.",
)
@click.option("--out", type=OUT_PATH, required=True, help="File for the proof.")
@json_option
@on_registry
def prove_label(
    registry: Registry, file: Path, sample: int, anchorer: str, salts: Path | None, out: Path, json_out: bool
) -> None:
    """Write the proof of one label of an anchored batch; it shows nothing of the others."""
    from keifu.provenance.label_check import document_of
    from keifu.provenance.label_set import read_salts
    from keifu.provenance.labels import LabelBatch

    proof = LabelBatch.read(file, registry.source.domain).proof_of(sample, anchorer)
    opening = None
    if salts is not None:
        opening = read_salts(salts).get(sample)
        if opening is None:
            raise InputError(
                f"{salts} opens no label of sample {sample}", remedy="its line was deleted: it stays hidden"
            )
    document = document_of(proof, opening)
    out.write_text(json.dumps(document, indent=2) + "\n")
    emit(document, f"label of sample {sample}: written to {out}", json_out)


@verb("check-label", example="keifu prov check-label label.json", access=Access.READ)
@click.argument("file", type=IN_FILE)
@json_option
@on_registry
@verifying
def check_label(registry: Registry, file: Path, json_out: bool) -> None:
    """Check what `prove-label` wrote, its anchor and key proved in the state; exit status 1 when it does not count."""
    from keifu.cli.prov_read import show
    from keifu.provenance.label_check import check, read_proof

    proof, opening = read_proof(file)
    show(check(registry.proved, proof, opening), json_out)


@verb(
    "revoke",
    example='keifu prov revoke --anchored all.npz --sample 77 --reason "wrong person" --key-file author.json',
    access=Access.SEND,
)
@click.option("--attestation", type=RECORD, help="Take back your attestation of this record; with --schema.")
@click.option("--schema", help="The words under which it was attested.")
@click.option("--anchored", type=IN_FILE, help="The anchored batch: all of it, or one label with --sample.")
@click.option("--sample", type=click.IntRange(0), help="The sample whose label is taken back.")
@click.option("--anchorer", type=ADDRESS, help="Who anchored it, when a labeller takes back its own label.")
@click.option("--reason", default="", help="Why, for whoever relied on it.")
@json_option
@on_registry
def revoke(
    registry: Registry,
    attestation: Id | None,
    schema: str | None,
    anchored: Path | None,
    sample: int | None,
    anchorer: str | None,
    reason: str,
    json_out: bool,
) -> None:
    """Take back an attestation, a whole anchor, or one label of it, for good."""
    from keifu.provenance.labels import LabelBatch
    from keifu.provenance.registry import schema_id

    if (attestation is None) == (anchored is None) or (attestation is None) != (schema is None):
        raise UsageError("what is taken back?", remedy="--attestation ID --schema WORDS, or --anchored FILE")
    source, account = registry.source, registry.account
    if attestation is not None and schema is not None:
        source.revoke_attestation(schema_id(schema), registry.record_id(attestation), account)
        emit({"revoked": "attestation", "schema": schema}, "attestation taken back", json_out)
        return
    assert anchored is not None
    if not reason:
        raise UsageError("--reason is missing", remedy="say why, for whoever relied on it")
    batch = LabelBatch.read(anchored, source.domain)
    if sample is None:
        source.revoke_anchor(batch.tree().root, reason, account)
        emit(
            {"revoked": "anchor", "root": batch.tree().root.hex()},
            f"{counted(len(batch), 'label')} taken back",
            json_out,
        )
        return
    source.revoke_leaf(batch.proof_of(sample, anchorer or account.address), reason, account)
    emit({"revoked": "label", "sample": sample}, f"label of sample {sample} taken back", json_out)
