"""`keifu prov bundle`, `prove-record` and `documents`: what is handed on to whoever checks a record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit
from keifu.cli._prov_options import Registry, at_block, on_registry, record_argument
from keifu.cli._types import BYTES32, ENDPOINT, FOLDER, IN_FILE, OUT_PATH, Id
from keifu.cli.prov_read import documents_in, documents_option, heartbeats_in, heartbeats_option
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, InputError, UsageError
from keifu.units import counted

if TYPE_CHECKING:
    from keifu.provenance.labels import LabelProof
    from keifu.provenance.signed_headers import SignedHeader

__all__ = ["bundle", "documents", "prove_record"]

PATIENCE_SECONDS = 5.0  # for a notary


@verb("bundle", example="keifu prov bundle 0e797c52 --out digits.bundle", access=Access.READ)
@record_argument()
@click.option("--out", required=True, type=OUT_PATH, help="File to write.")
@documents_option
@click.option("--environment", type=BYTES32, help="Id of an environment: include what it runs.")
@heartbeats_option
@click.option(
    "--max-age", type=click.IntRange(1), default=600, show_default=True,
    help="Seconds by which a heartbeat may be older than the block.",
)  # fmt: skip
@click.option(
    "--label", "labels", type=IN_FILE, multiple=True,
    help="Include the proof of one label, as `keifu prov prove-label` wrote it; repeatable.",
)  # fmt: skip
@json_option
@on_registry
@at_block
def bundle(
    registry: Registry,
    record_id: Id,
    out: Path,
    documents: Path | None,
    environment: bytes | None,
    heartbeats: Path | None,
    max_age: int,
    labels: tuple[Path, ...],
    json_out: bool,
) -> None:
    """Write one file with a record, its ancestors and their proofs at the newest block; print the block's hash."""
    beats, proofs = heartbeats_in(heartbeats), [_label_in(path) for path in labels]
    from keifu.provenance.bundle import make_bundle

    graph = registry.proved.lineage(registry.record_id(record_id))
    held = documents_in(documents)
    made = make_bundle(
        registry.proved, graph, held, environment=environment, heartbeats=beats, labels=proofs, max_age=max_age
    )
    made.write(out)
    emit({"file": str(out), "records": len(graph.entries), "blockHash": made.block_hash}, made.block_hash, json_out)


def _label_in(path: Path) -> LabelProof:
    """Without what opens a salted one: that is for whom its labeller shows it."""
    from keifu.provenance.label_check import read_proof

    return read_proof(path)[0]


@verb("prove-record", example="keifu prov prove-record 0e797c52 --out record.json", access=Access.READ)
@record_argument()
@click.option("--out", required=True, type=OUT_PATH, help="File to write.")
@click.option(
    "--notary", "notaries", type=ENDPOINT, multiple=True,
    help="Address of a notary whose signature goes into the file; repeatable. The block is one that they signed.",
)  # fmt: skip
@click.option("--quorum", type=click.IntRange(1, 16), help="Signatures that it has to have.  [default: of all named]")
@json_option
@on_registry
@at_block
def prove_record(
    registry: Registry, record_id: Id, out: Path, notaries: tuple[str, ...], quorum: int | None, json_out: bool
) -> None:
    """Write the proof of one record as of a block, as the contract RecordProof of any chain takes it; print the block's
    hash. `keifu prov verify` checks the file without network."""
    from keifu.provenance.foreign import gather

    signed: tuple[SignedHeader, ...] = ()
    if notaries:
        signed = _signed_by(registry, notaries, quorum or len(notaries))
    found = registry.record_id(record_id)
    proof = gather(registry.proved, found, signed)
    proof.write(out)
    block = registry.proved.block
    emit({"file": str(out), "record": found.hex(), "blockHash": block.hash}, block.hash, json_out)


def _signed_by(registry: Registry, notaries: tuple[str, ...], quorum: int) -> tuple[SignedHeader, ...]:
    """What so many notaries say of one block, which becomes the proof's. Raises CheckFailed, and UsageError when a
    block is named beside."""
    from keifu.node.watcher.peers import ask_all, read_headers
    from keifu.provenance.foreign import signed_block, word_of
    from keifu.provenance.signed_headers import PAGE

    if registry.block_hash is not None:
        raise UsageError("--block-hash and --notary both choose the block", remedy="leave one of them out")
    answers = ask_all(notaries, PAGE, read_headers, patience=PATIENCE_SECONDS)
    said = [item for answer in answers for item in word_of(answer.said, registry.trust.notaries)]
    try:
        block, signed = signed_block(said, registry.trust.chain, quorum)
    except CheckFailed as error:
        silent = [f"{answer.operator}: {answer.fault}" for answer in answers if answer.fault]
        raise CheckFailed("; ".join([error.message, *silent]), remedy=error.remedy) from error
    registry.fix(block)
    return signed


@verb("documents", example="keifu prov documents 0e797c52 --out documents", access=Access.READ)
@record_argument()
@click.option("--out", required=True, type=FOLDER, help="Folder to write them to; it is made when it is not there.")
@documents_option
@json_option
@on_registry
@at_block
def documents(registry: Registry, record_id: Id, out: Path, documents: Path | None, json_out: bool) -> None:
    """Write the manifests and statements of a record and its ancestors to a folder, to hand them on: whoever checks the
    record names it with --documents. Each hashes to what its record commits to."""
    from keifu.provenance.documents import Documents

    graph, held = registry.proved.lineage(registry.record_id(record_id)), documents_in(documents)
    bodies, missing = [], []
    for entry in graph.entries.values():
        try:
            bodies += held.all_of(entry.record)
        except InputError as error:
            missing.append(f"{graph.title(entry.id)}: {error.message}")
    if missing:
        raise InputError("; ".join(missing), remedy="name a folder that holds them: --documents")
    written = Documents(kept=out)
    hashes = [digest.hex() for digest in dict.fromkeys(map(written.keep, bodies))]
    emit({"folder": str(out), "documents": hashes}, f"{counted(len(hashes), 'document')} in {out}", json_out)
