"""`keifu prov find`, `verify`, `lineage`, `bundle`, `export`: what reads and checks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._prov_options import Registry, on_registry, record_argument, verifying
from keifu.cli._types import BYTES32, IN_FOLDER, IN_PATH, OUT_PATH, RECORD, Id
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError

if TYPE_CHECKING:
    from keifu.provenance.bundle import Verified
    from keifu.provenance.lineage import Lineage
    from keifu.provenance.proved import Contents
    from keifu.provenance.verify import Finding

__all__ = ["bundle", "export", "find", "lineage", "show", "verify"]

FORMATS = ("cyclonedx", "huggingface", "intoto")


def show(findings: Sequence[Finding], json_out: bool) -> None:
    """Print them all, then fail when one failed."""
    from keifu.provenance.verify import require

    text = "\n".join(f"{'ok  ' if item.ok else 'FAIL'} {item.check}: {item.detail}" for item in findings)
    emit([item.to_json() for item in findings], text, json_out)
    require(findings)


def _statements(folder: Path | None, graph: Lineage) -> dict[bytes, dict[str, Any]]:
    """Statements in a folder that records of the lineage keep the hash of, by record id."""
    from keifu.provenance.statement import manifest_hash, read_statement

    found: dict[bytes, dict[str, Any]] = {}
    by_manifest = {entry.record.manifest: entry for entry in graph.entries.values()}
    for body in _bodies(folder):
        entry = by_manifest.get(manifest_hash(body))
        if entry is not None:
            found[entry.id] = read_statement(body, entry.record.manifest, entry.record.digest)
    return found


def _bodies(folder: Path | None) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.json"))] if folder else []


@verb("find", example="keifu prov find ./weights --author 0x…", access=Access.READ)
@click.argument("path", type=IN_PATH)
@json_option
@on_registry
@verifying
def find(registry: Registry, path: Path, json_out: bool) -> None:
    """Find the records of the bytes at PATH; exit status 1 when nobody (whom you trust) registered them. What is listed
    is proved; whether it is all is the node's word."""
    from keifu.provenance.digest import digest_path
    from keifu.provenance.statement import rfc3339

    root = digest_path(path).root
    entries = registry.proved.by_digest(root, registry.trust.authors)
    lines = [
        f"{entry.id.hex()}  {record.kind.word} {record.version}  {entry.status.word}  by {record.author}  "
        f"since {rfc3339(entry.time)}"
        for entry in entries
        for record in [entry.record]
    ]
    documents = [
        {"id": entry.id.hex(), "status": entry.status.word, "registered": entry.time} | entry.record.to_json()
        for entry in entries
    ]
    emit(documents, "\n".join(lines) or "not registered", json_out)
    if not entries:
        raise CheckFailed(f"no record of {path}")


@verb("verify", example="keifu prov verify 6c2e98f1 --path ./weights", access=Access.READ)
@click.argument("target", metavar="ID|BUNDLE")
@click.option("--path", type=IN_PATH, help="Bytes that have to be the record's.")
@click.option("--statements", type=IN_FOLDER, help="Folder with in-toto statements.")
@json_option
@on_registry
@verifying
def verify(registry: Registry, target: str, path: Path | None, statements: Path | None, json_out: bool) -> None:
    """Check a record on chain, or a bundle file without network; exit status 1 when a check fails."""
    findings, graph, said = (
        _bundle(registry, target) if Path(target).is_file() else _on_chain(registry, target, statements)
    )
    from keifu.provenance import Kind
    from keifu.provenance.verify import check_author, check_bytes, check_lineage, check_program, check_run

    entry = graph.entries[graph.root]
    findings += [check_author(entry, registry.trust), check_lineage(graph)]
    if path is not None:
        findings.append(check_bytes(entry, path))
        if any(entry.record.program_root):
            findings.append(check_program(entry, path))
    for record_id, document in said.items():
        if graph.entries[record_id].record.kind == Kind.RUN:
            findings.append(check_run(graph.entries[record_id], document, graph))
    show(findings, json_out)


def _record_line(graph: Lineage) -> Finding:
    from keifu.provenance.statement import rfc3339
    from keifu.provenance.verify import Finding

    entry = graph.entries[graph.root]
    words = [entry.record.kind.word, *([entry.record.version] if entry.record.version else []), entry.id.hex()]
    held = "hashes to its id, proved in the block's state"
    return Finding("record", True, f"{' '.join(words)} of {rfc3339(entry.time)}, {entry.status.word}: {held}")


def _bundle(registry: Registry, path: str) -> tuple[list[Finding], Lineage, dict[bytes, dict[str, Any]]]:
    from keifu.provenance.bundle import Bundle
    from keifu.provenance.lineage import walk
    from keifu.provenance.statement import rfc3339
    from keifu.provenance.verify import Finding

    trust = registry.pinned
    if registry.block_hash is None and (trust is None or not trust.block):
        raise UsageError("a bundle proves nothing without a block hash", remedy="--block-hash, from a node you trust")
    if trust is None:
        raise UsageError(
            "a bundle proves nothing without a registry and a chain that you trust",
            remedy="make a trust file: keifu trust init, or name one with --trust",
        )
    verified = Bundle.read(path).verify(trust)
    block = f"{verified.number} {trust.block} of {rfc3339(verified.time)}: you trust this block"
    graph = walk(verified, verified.root, names=verified.names)
    return [Finding("block", True, block), _record_line(graph), *_production(verified)], graph, verified.statements


def _on_chain(
    registry: Registry, target: str, statements: Path | None
) -> tuple[list[Finding], Lineage, dict[bytes, dict[str, Any]]]:
    try:
        given = RECORD.convert(target, None, None)
    except click.BadParameter as error:
        raise UsageError(f"{target!r} is neither a bundle file nor an id", remedy=str(error.message)) from error
    from keifu.provenance.verify import check_block

    graph = registry.proved.lineage(registry.record_id(given))
    return [check_block(registry.proved.block), _record_line(graph)], graph, _statements(statements, graph)


def _production(verified: Verified) -> list[Finding]:
    from keifu.provenance.verify import Finding

    if verified.production is None:
        return []
    seq = verified.production.seq
    good = not verified.contradictions
    detail = f"promotion {seq} of block {verified.production.block}"
    return [Finding("production", good, detail if good else f"{detail}: a node signed that it runs something else")]


@verb("lineage", example="keifu prov lineage 0e797c52 --format svg > lineage.svg", access=Access.READ)
@record_argument()
@click.option("--depth", type=click.IntRange(0), default=0, show_default=True, help="Links to follow; 0 for all.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["tree", "json", "svg"]),
    default="tree",
    show_default=True,
    help="How to show it.",
)
@click.option("--json", "json_out", is_flag=True, help="Print one JSON document: --format json.")
@click.option("--index", "index_file", type=OUT_PATH, help="File of a local index to walk, brought up to date.")
@on_registry
@verifying
def lineage(registry: Registry, record_id: Id, depth: int, form: str, json_out: bool, index_file: Path | None) -> None:
    """Show what a record was made from; every author, time and state in it is proved."""
    from keifu.provenance.verify import check_author, require

    root, contents = registry.record_id(record_id), _contents(registry, index_file)
    graph = registry.proved.lineage(root, depth=depth, contents=contents)
    require([check_author(graph.entries[root], registry.trust)])
    texts = {"tree": graph.tree, "json": lambda: json.dumps(graph.to_json(), indent=2), "svg": graph.to_svg}
    click.echo(texts["json" if json_out else form]())


def _contents(registry: Registry, index_file: Path | None) -> Contents:
    """What records say: from the node's logs, or from an index of them in a file."""
    source = registry.source
    if index_file is None:
        return source
    from keifu.provenance.index import Index

    index = Index(index_file, source.chain.rpc, source.registry.address, first_block=source.first_block)
    index.catch_up()
    return index


@verb("bundle", example="keifu prov bundle 0e797c52 --out digits.bundle", access=Access.READ)
@record_argument()
@click.option("--out", required=True, type=OUT_PATH, help="File to write.")
@click.option("--statements", type=IN_FOLDER, help="Folder with in-toto statements to include.")
@click.option("--environment", type=BYTES32, help="Id of an environment: include what it runs.")
@json_option
@on_registry
@verifying
def bundle(
    registry: Registry,
    record_id: Id,
    out: Path,
    statements: Path | None,
    environment: bytes | None,
    json_out: bool,
) -> None:
    """Write one file with a record, its ancestors and their proofs at the newest block; print the block's hash."""
    from keifu.provenance.bundle import make_bundle
    from keifu.provenance.statement import manifest_hash

    graph = registry.proved.lineage(registry.record_id(record_id))
    wanted = {entry.record.manifest for entry in graph.entries.values()}
    bodies = {manifest_hash(body): body for body in _bodies(statements)}
    chosen = {key: body for key, body in bodies.items() if key in wanted}
    made = make_bundle(registry.proved, graph, environment=environment, statements=chosen)
    made.write(out)
    emit({"file": str(out), "records": len(graph.entries), "blockHash": made.block_hash}, made.block_hash, json_out)


@verb(
    "export",
    example="keifu prov export 6c2e98f1 --format huggingface --path ./weights --out README.md",
    access=Access.READ,
)
@record_argument()
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True, help="Format of the file."
)
@click.option("--name", default="artefact", show_default=True, help="What to call it.")
@click.option("--path", type=IN_PATH, help="Its bytes: then the digest is verified, not asserted.")
@click.option("--statements", type=IN_FOLDER, help="Folder with in-toto statements, for metrics.")
@click.option("--out", type=OUT_PATH, help="File to write.  [default: standard output]")
@on_registry
@verifying
def export(
    registry: Registry,
    record_id: Id,
    form: str,
    name: str,
    path: Path | None,
    statements: Path | None,
    out: Path | None,
) -> None:
    """Write a record in the format of another tool; each field says whether it is verified or asserted."""
    from keifu.provenance.digest import digest_path
    from keifu.provenance.export import describe
    from keifu.provenance.export import export as render
    from keifu.provenance.verify import check_author, check_bytes, require

    recomputed = digest_path(path) if path is not None else None
    root = registry.record_id(record_id)
    graph = registry.proved.lineage(root)
    require([check_author(graph.entries[root], registry.trust)])
    if recomputed is not None:
        require([check_bytes(graph.entries[root], str(path))])
    block = registry.proved.block
    held = f"state of block {block.header.number} ({block.hash}; {block.believed})"
    subject = describe(name, graph, recomputed=recomputed, statements=_statements(statements, graph), source=held)
    body = render(form, subject)
    if out is None:
        click.echo(body.decode(), nl=False)
    else:
        out.write_bytes(body)
