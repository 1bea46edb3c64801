"""`keifu prov find`, `verify`, `lineage`, `bundle`, `export`: what reads and checks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._prov_options import Registry, on_registry, record_argument
from keifu.cli._types import ADDRESS, BYTES32, IN_FOLDER, IN_PATH, OUT_PATH, RECORD, Id
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError

if TYPE_CHECKING:
    from keifu.provenance.bundle import Verified
    from keifu.provenance.lineage import Lineage
    from keifu.provenance.registry import RecordStore
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
@click.option(
    "--author", "authors", type=ADDRESS, multiple=True, help="Whom you trust; repeatable.  [default: everybody]"
)
@json_option
@on_registry
def find(registry: Registry, path: Path, authors: tuple[str, ...], json_out: bool) -> None:
    """Find the records of the bytes at PATH; exit status 1 when nobody (whom you trust) registered them."""
    from keifu.provenance.digest import digest_path

    root = digest_path(path).root
    entries = registry.source.by_digest(root, authors)
    lines = [
        f"{entry.id.hex()}  {record.kind.word} {record.version}  {entry.status.word}  by {record.author}"
        for entry in entries
        for record in [entry.record]
    ]
    documents = [{"id": entry.id.hex(), "status": entry.status.word} | entry.record.to_json() for entry in entries]
    emit(documents, "\n".join(lines) or "not registered", json_out)
    if not entries:
        raise CheckFailed(f"no record of {path}")


@verb("verify", example="keifu prov verify 6c2e98f1 --path ./weights", access=Access.READ)
@click.argument("target", metavar="ID|BUNDLE")
@click.option("--path", type=IN_PATH, help="Bytes that have to be the record's.")
@click.option("--statements", type=IN_FOLDER, help="Folder with in-toto statements.")
@click.option("--block-hash", type=BYTES32, help="For a bundle: hash of the block that you trust.")
@json_option
@on_registry
def verify(
    registry: Registry,
    target: str,
    path: Path | None,
    statements: Path | None,
    block_hash: bytes | None,
    json_out: bool,
) -> None:
    """Check a record on chain, or a bundle file without network; exit status 1 when a check fails."""
    if Path(target).is_file():
        if block_hash is None:
            raise UsageError(
                "a bundle proves nothing without a block hash", remedy="--block-hash, from a node you trust"
            )
        findings, graph, said = _bundle(target, block_hash)
    else:
        findings, graph, said = _on_chain(registry, target, statements)
    from keifu.provenance import Kind
    from keifu.provenance.verify import check_bytes, check_lineage, check_program, check_run

    findings.append(check_lineage(graph))
    if path is not None:
        findings.append(check_bytes(graph.entries[graph.root], path))
        if any(graph.entries[graph.root].record.program_root):
            findings.append(check_program(graph.entries[graph.root], path))
    for record_id, document in said.items():
        if graph.entries[record_id].record.kind == Kind.RUN:
            findings.append(check_run(graph.entries[record_id], document, graph))
    show(findings, json_out)


def _bundle(path: str, block_hash: bytes) -> tuple[list[Finding], Lineage, dict[bytes, dict[str, Any]]]:
    from keifu.provenance.bundle import Bundle
    from keifu.provenance.lineage import walk
    from keifu.provenance.verify import Finding

    verified = Bundle.read(path).verify("0x" + block_hash.hex())
    what = f"{len(verified.entries)} records in the state of block {verified.number}"
    findings = [Finding("bundle", True, what), *_production(verified)]
    return findings, walk(verified, verified.root, names=verified.names), verified.statements


def _on_chain(
    registry: Registry, target: str, statements: Path | None
) -> tuple[list[Finding], Lineage, dict[bytes, dict[str, Any]]]:
    try:
        given = RECORD.convert(target, None, None)
    except click.BadParameter as error:
        raise UsageError(f"{target!r} is neither a bundle file nor an id", remedy=str(error.message)) from error
    from keifu.provenance.lineage import walk
    from keifu.provenance.verify import Finding

    graph = walk(registry.source, registry.record_id(given))
    word = graph.entries[graph.root].record.kind.word
    return [Finding("record", True, f"{word}, hashes to its id")], graph, _statements(statements, graph)


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
def lineage(registry: Registry, record_id: Id, depth: int, form: str, json_out: bool, index_file: Path | None) -> None:
    """Show what a record was made from."""
    from keifu.provenance.lineage import walk

    root, store = registry.record_id(record_id), _store(registry, index_file)
    graph = walk(store, root, depth=depth)
    texts = {"tree": graph.tree, "json": lambda: json.dumps(graph.to_json(), indent=2), "svg": graph.to_svg}
    click.echo(texts["json" if json_out else form]())


def _store(registry: Registry, index_file: Path | None) -> RecordStore:
    """The chain, or an index of it in a file."""
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
    from keifu.provenance.lineage import walk
    from keifu.provenance.statement import manifest_hash

    graph = walk(registry.source, registry.record_id(record_id))
    wanted = {entry.record.manifest for entry in graph.entries.values()}
    bodies = {manifest_hash(body): body for body in _bodies(statements)}
    chosen = {key: body for key, body in bodies.items() if key in wanted}
    made = make_bundle(registry.source, graph, environment=environment, statements=chosen)
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
    from keifu.provenance.lineage import walk
    from keifu.provenance.verify import check_bytes, require

    recomputed = digest_path(path) if path is not None else None
    root = registry.record_id(record_id)
    graph = walk(registry.source, root)
    if recomputed is not None:
        require([check_bytes(graph.entries[root], str(path))])
    subject = describe(name, graph, recomputed=recomputed, statements=_statements(statements, graph))
    body = render(form, subject)
    if out is None:
        click.echo(body.decode(), nl=False)
    else:
        out.write_bytes(body)
