"""`keifu prov find`, `verify`, `lineage`, `bundle`, `export`: what reads and checks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from keifu.cli._prov_options import Session, as_json, chain_options, emit, open_session, record_argument
from keifu.errors import CheckFailed, UsageError
from keifu.provenance._model import Kind, digest_bytes
from keifu.provenance.bundle import Bundle, Verified, make_bundle
from keifu.provenance.digest import digest_path
from keifu.provenance.export import EXPORTERS, describe
from keifu.provenance.export import export as render
from keifu.provenance.index import Index
from keifu.provenance.lineage import Lineage, walk
from keifu.provenance.registry import RecordStore
from keifu.provenance.statement import manifest_hash, read_statement
from keifu.provenance.verify import Finding, check_bytes, check_lineage, check_program, check_run, require

__all__ = ["bundle", "export", "find", "lineage", "verify"]


def show(findings: Sequence[Finding], json_out: bool) -> None:
    """Print them all, then fail when one failed."""
    text = "\n".join(f"{'ok  ' if item.ok else 'FAIL'} {item.check}: {item.detail}" for item in findings)
    emit([item.to_json() for item in findings], text, json_out)
    require(findings)


def _statements(folder: Path | None, graph: Lineage) -> dict[bytes, dict[str, Any]]:
    """Statements in a folder that records of the lineage keep the hash of, by record id."""
    found: dict[bytes, dict[str, Any]] = {}
    by_manifest = {entry.record.manifest: entry for entry in graph.entries.values()}
    for body in _bodies(folder):
        entry = by_manifest.get(manifest_hash(body))
        if entry is not None:
            found[entry.id] = read_statement(body, entry.record.manifest, entry.record.digest)
    return found


def _bodies(folder: Path | None) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.json"))] if folder else []


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--author", "authors", multiple=True, help="whom you trust; may be repeated. Without: everybody")
@as_json
@chain_options
def find(session: Session, path: Path, authors: tuple[str, ...], json_out: bool) -> None:
    """Records of the bytes at PATH; exit status 1 when nobody (whom you trust) registered them.

    \b
    Example: keifu prov find ./weights --author 0x9d52…
    """
    entries = session.source.by_digest(digest_path(path).root, authors)
    lines = [
        f"{entry.id.hex()}  {record.kind.word} {record.version}  {entry.status.word}  by {record.author}"
        for entry in entries
        for record in [entry.record]
    ]
    documents = [{"id": entry.id.hex(), "status": entry.status.word} | entry.record.to_json() for entry in entries]
    emit(documents, "\n".join(lines) or "not registered", json_out)
    if not entries:
        raise CheckFailed(f"no record of {path}")


@click.command()
@click.argument("target")
@click.option("--path", type=click.Path(path_type=Path), help="bytes that have to be the record's")
@click.option("--statements", type=click.Path(path_type=Path), help="folder with in-toto statements")
@click.option("--block-hash", default="", help="for a bundle: hash of the block that you trust")
@click.option("--rpc", envvar="KEIFU_RPC", default="http://127.0.0.1:8545", show_default=True, help="node")
@click.option("--registry", envvar="KEIFU_REGISTRY", help="address of ProvenanceRegistry")
@as_json
def verify(
    target: str,
    path: Path | None,
    statements: Path | None,
    block_hash: str,
    rpc: str,
    registry: str | None,
    json_out: bool,
) -> None:
    """Check a record on chain, or a bundle file without network; exit status 1 when a check fails.

    \b
    Examples:
      keifu prov verify 6c2e98… --path ./weights --registry 0x…
      keifu prov verify digits.bundle --block-hash 0x… --path ./weights
    """
    findings: list[Finding] = []
    if Path(target).is_file():
        if not block_hash:
            raise UsageError(
                "a bundle proves nothing without a block hash", remedy="--block-hash, from a node you trust"
            )
        verified = Bundle.read(target).verify(block_hash)
        store: RecordStore = verified
        root, said = verified.root, verified.statements
        findings.append(
            Finding("bundle", True, f"{len(verified.entries)} records in the state of block {verified.number}")
        )
        findings += _production(verified)
        graph = walk(store, root, names=verified.names)
    else:
        source = open_session(rpc, registry).source
        root = digest_bytes(target, "record id")
        graph = walk(source, root)
        said = _statements(statements, graph)
        findings.append(Finding("record", True, f"{graph.entries[root].record.kind.word}, hashes to its id"))
    findings.append(check_lineage(graph))
    if path is not None:
        findings.append(check_bytes(graph.entries[root], path))
        if any(graph.entries[root].record.program_root):
            findings.append(check_program(graph.entries[root], path))
    for record_id, document in said.items():
        if graph.entries[record_id].record.kind == Kind.RUN:
            findings.append(check_run(graph.entries[record_id], document, graph))
    show(findings, json_out)


def _production(verified: Verified) -> list[Finding]:
    if verified.production is None:
        return []
    seq = verified.production.seq
    good = not verified.contradictions
    detail = f"promotion {seq} of block {verified.production.block}"
    return [Finding("production", good, detail if good else f"{detail}: a node signed that it runs something else")]


@click.command()
@record_argument()
@click.option("--depth", default=0, help="links to follow; 0: all")
@click.option("--format", "form", type=click.Choice(["tree", "json", "svg"]), default="tree", show_default=True)
@click.option("--index", "index_file", type=click.Path(path_type=Path), help="walk a local index, brought up to date")
@chain_options
def lineage(session: Session, record_id: bytes, depth: int, form: str, index_file: Path | None) -> None:
    """What a record was made from.

    \b
    Example: keifu prov lineage 0e797c… --format svg > lineage.svg
    """
    store: RecordStore = session.source
    if index_file is not None:
        registry = session.source.registry.address
        index = Index(index_file, session.source.chain.rpc, registry, first_block=session.source.first_block)
        index.catch_up()
        store = index
    graph = walk(store, record_id, depth=depth)
    texts = {"tree": graph.tree, "json": lambda: json.dumps(graph.to_json(), indent=2), "svg": graph.to_svg}
    click.echo(texts[form]())


@click.command()
@record_argument()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="file to write")
@click.option("--statements", type=click.Path(path_type=Path), help="folder with in-toto statements to include")
@click.option("--environment", default="", metavar="ID", help="include what this environment runs")
@as_json
@chain_options
def bundle(
    session: Session, record_id: bytes, out: Path, statements: Path | None, environment: str, json_out: bool
) -> None:
    """Write one file with a record, its ancestors and their proofs at the newest block; prints the block's hash.

    \b
    Example: keifu prov bundle 0e797c… --out digits.bundle
    """
    graph = walk(session.source, record_id)
    wanted = {entry.record.manifest for entry in graph.entries.values()}
    bodies = {manifest_hash(body): body for body in _bodies(statements)}
    made = make_bundle(
        session.source,
        graph,
        environment=digest_bytes(environment, "environment") if environment else None,
        statements={key: body for key, body in bodies.items() if key in wanted},
    )
    made.write(out)
    emit({"file": str(out), "records": len(graph.entries), "blockHash": made.block_hash}, made.block_hash, json_out)


@click.command()
@record_argument()
@click.option("--format", "form", type=click.Choice(sorted(EXPORTERS)), default="cyclonedx", show_default=True)
@click.option("--name", default="artefact", show_default=True, help="what to call it")
@click.option("--path", type=click.Path(path_type=Path), help="its bytes: then the digest is verified, not asserted")
@click.option("--statements", type=click.Path(path_type=Path), help="folder with in-toto statements, for metrics")
@click.option("--out", type=click.Path(path_type=Path), help="file to write instead of standard output")
@chain_options
def export(
    session: Session,
    record_id: bytes,
    form: str,
    name: str,
    path: Path | None,
    statements: Path | None,
    out: Path | None,
) -> None:
    """A record in the format of another tool; each field says whether it is verified or asserted.

    \b
    Example: keifu prov export 6c2e98… --format huggingface --path ./weights --out README.md
    """
    graph = walk(session.source, record_id)
    recomputed = digest_path(path) if path is not None else None
    if recomputed is not None:
        require([check_bytes(graph.entries[record_id], str(path))])
    subject = describe(name, graph, recomputed=recomputed, statements=_statements(statements, graph))
    body = render(form, subject)
    if out is None:
        click.echo(body.decode(), nl=False)
    else:
        out.write_bytes(body)
