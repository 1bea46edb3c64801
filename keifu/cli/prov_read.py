"""`keifu prov find`, `verify`, `lineage`, `export`: what reads and checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._prov_bundle import Asked, checked_file, record_line
from keifu.cli._prov_options import Registry, on_registry, record_argument, verifying
from keifu.cli._prov_stored import check_stored, fetch_option, fetched
from keifu.cli._types import ADDRESS, IN_FILE, IN_FOLDER, IN_PATH, OUT_PATH, RECORD, Id
from keifu.cli.prov_bytes import reading, with_progress
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError
from keifu.texts import one_line, visible

if TYPE_CHECKING:
    from keifu.provenance import Heartbeat
    from keifu.provenance.documents import Documents
    from keifu.provenance.lineage import Lineage
    from keifu.provenance.proved import Contents
    from keifu.provenance.registry import Entry
    from keifu.provenance.trust import Trust
    from keifu.provenance.verify import Finding

__all__ = [
    "documents_in",
    "documents_option",
    "export",
    "find",
    "heartbeats_in",
    "heartbeats_option",
    "lineage",
    "records_of",
    "show",
    "verify",
]

FORMATS = (
    "cyclonedx", "croissant", "huggingface", "intoto", "model-signing", "openlineage", "slsa", "spdx", "test-result",
)  # fmt: skip


def show(findings: Sequence[Finding], json_out: bool) -> None:
    """Print them all, then fail when one failed."""
    from keifu.provenance.verify import require

    text = "\n".join(f"{'ok  ' if item.ok else 'FAIL'} {item.check}: {one_line(item.detail)}" for item in findings)
    emit([item.to_json() for item in findings], text, json_out)
    require(findings)


def documents_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--documents",
        type=IN_FOLDER,
        help="Folder with manifests and statements, beside those that this machine keeps.",
    )(body)


def documents_in(folder: Path | None) -> Documents:
    """What this machine keeps, and what lies in `folder`."""
    from keifu.provenance.documents import Documents, kept_folder

    return Documents(folders=[folder] if folder else [], kept=kept_folder())


def heartbeats_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--heartbeats", type=IN_FILE, help="File with one heartbeat a line.")(body)


def heartbeats_in(path: Path | None) -> list[tuple[Heartbeat, bytes]]:
    """Those in a file; none without one."""
    from keifu.provenance.heartbeats import read_heartbeats

    return read_heartbeats(path) if path else []


@verb("find", example="keifu prov find ./weights --author 0x…", access=Access.READ)
@click.argument("path", type=IN_PATH)
@reading
@documents_option
@json_option
@on_registry
@verifying
def find(
    registry: Registry,
    path: Path,
    ignore: tuple[str, ...],
    links_followed: bool,
    documents: Path | None,
    json_out: bool,
) -> None:
    """Find the records of the files at PATH; exit status 1 when nobody (whom you trust) registered them under these
    names. What is listed is proved; whether it is all is the node's word."""
    from keifu.provenance.statement import rfc3339

    found = records_of(registry, path, ignore, links_followed, documents_in(documents))
    lines, rows = [], []
    for entry, finding in found:
        record, since = entry.record, f"by {entry.record.author}  since {rfc3339(entry.time)}"
        other = "" if finding.ok else f"  ! {finding.detail}"
        what = f"{record.kind.word} {record.version}  {entry.status.word}  {since}{other}"
        lines.append(f"{entry.id.hex()}  {one_line(what)}")
        state = {"id": entry.id.hex(), "status": entry.status.word, "registered": entry.time}
        rows.append(state | {"namesAsRegistered": finding.ok} | record.to_json())
    emit(rows, "\n".join(lines) or "not registered", json_out)
    if not any(finding.ok for _, finding in found):
        raise CheckFailed(f"no record of {path}" + (" under these names" if found else ""))


def records_of(
    registry: Registry, path: Path, ignore: tuple[str, ...], links: bool, held: Documents
) -> list[tuple[Entry, Finding]]:
    """Records of the bytes at `path` by trusted authors, each with whether the names are right, too."""
    from keifu.provenance.verify import check_bytes, check_tree

    tree = with_progress(path, ignore, links)
    found: list[tuple[Entry, Finding]] = []
    for entry in registry.proved.by_digest(tree.root, registry.proved.followed.authors):
        manifest = held.manifest(entry.record)
        found.append((entry, check_bytes(entry, path, manifest) if manifest else check_tree(entry, tree)))
    return found


@verb("verify", example="keifu prov verify 6c2e98f1 --path ./weights", access=Access.READ)
@click.argument("target", metavar="ID|FILE")
@click.option("--path", type=IN_PATH, help="Files to compare with the record.")
@fetch_option
@click.option("--environment", metavar="NAME|ID", help="Environment that the record must run in.")
@click.option("--owner", type=ADDRESS, help="Owner of the environment, when you give it by its name.")
@click.option(
    "--node", "nodes", type=ADDRESS, multiple=True, help="A node whose heartbeat the bundle must hold; repeatable."
)
@click.option(
    "--sample", "samples", type=click.IntRange(0), multiple=True,
    help="A sample whose label the bundle must show; repeatable.",
)  # fmt: skip
@click.option("--max-age", type=click.IntRange(1), help="Seconds by which its heartbeats may be older than its block.")
@click.option(
    "--signer", type=IN_FILE,
    help="PEM file of a public key or of root certificates: OpenSSF's signature beside the record has to be theirs.",
)  # fmt: skip
@documents_option
@json_option
@on_registry
@verifying
def verify(
    registry: Registry,
    target: str,
    path: Path | None,
    fetch: Path | None,
    signer: Path | None,
    environment: str | None,
    owner: str | None,
    nodes: tuple[str, ...],
    samples: tuple[int, ...],
    max_age: int | None,
    documents: Path | None,
    json_out: bool,
) -> None:
    """Check a record on chain, or a bundle or a record's proof without network; exit status 1 when a check fails."""
    held = documents_in(documents)
    asked = Asked(registry.environment(environment, owner) if environment else None, nodes, samples, max_age)
    is_file = Path(target).is_file()
    if fetch is not None and (is_file or path is not None):
        raise UsageError("--fetch reads what a record on the chain names", remedy="leave --path and bundles out")
    findings, graph, held, trusted = (
        checked_file(registry, target, asked, held) if is_file else _on_chain(registry, target, held, asked)
    )
    from keifu.provenance import Kind
    from keifu.provenance.statement import PREDICATES
    from keifu.provenance.verify import check_author, check_bytes, check_lineage, check_program, check_run

    entry = graph.entries[graph.root]
    manifest, statements = held.manifest(entry.record), held.statements(entry.record)
    findings += [check_author(entry, trusted), check_lineage(graph)]
    if fetch is not None:
        finding, is_root = fetched(registry, entry, fetch)
        findings.append(finding)
        path = None if is_root else fetch
    if path is not None:
        same = None if is_file else check_stored(registry, entry, path)
        findings.append(same or check_bytes(entry, path, manifest))
        if any(entry.record.program_root):
            findings.append(check_program(entry, path))
    if signer or any(item.get("predicateType") == PREDICATES["signature"] for item in statements):
        from keifu.provenance.signature import check_signatures

        findings += check_signatures(entry, manifest, statements, signer)
    for run in graph.entries.values():
        if run.record.kind == Kind.RUN:  # each statement: the first may say nothing of times, and the second a lie
            findings += [check_run(run, document, graph) for document in held.statements(run.record)]
    show(findings, json_out)


def _on_chain(
    registry: Registry, target: str, held: Documents, asked: Asked
) -> tuple[list[Finding], Lineage, Documents, Trust]:
    try:
        given = RECORD.convert(target, None, None)
    except click.BadParameter as error:
        raise UsageError(f"{target!r} is neither a file nor an id", remedy=str(error.message)) from error
    from keifu.provenance.verify import check_block, check_running

    asked.require_none_of_a_bundle()
    graph = registry.proved.lineage(registry.record_id(given))
    findings = [check_block(registry.proved.block), record_line(graph)]
    if asked.environment is not None:
        findings += check_running(registry.proved, asked.environment, artefact=graph.root)
    return findings, graph, held, registry.proved.followed


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
@click.option(
    "--open",
    "opened",
    type=RECORD,
    multiple=True,
    help="A record that gets a box of its own in a picture in which others share one; repeatable.",
)
@click.option("--index", "index_file", type=OUT_PATH, help="File of a local index to walk, brought up to date.")
@on_registry
@verifying
def lineage(
    registry: Registry,
    record_id: Id,
    depth: int,
    form: str,
    json_out: bool,
    opened: tuple[Id, ...],
    index_file: Path | None,
) -> None:
    """Show what a record was made from; every author, time and state in it is proved. In a picture of many records,
    those that look alike and long chains share a box."""
    from keifu.provenance.verify import check_author, require

    root, contents = registry.record_id(record_id), _contents(registry, index_file)
    apart = [registry.record_id(item) for item in opened]
    graph = registry.proved.lineage(root, depth=depth, contents=contents)
    require([check_author(graph.entries[root], registry.proved.followed)])
    texts: dict[str, Callable[[], str]] = {
        "tree": lambda: visible(graph.tree()),
        "json": lambda: json.dumps(graph.to_json(), indent=2),
        "svg": lambda: graph.to_svg(apart),
    }
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


@verb(
    "export",
    example="keifu prov export 6c2e98f1 --format huggingface --path ./weights --out README.md",
    access=Access.READ,
)
@record_argument()
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True, help="Format of the file."
)
@click.option("--name", default="artefact", show_default=True, help="Name of the artefact in the export.")
@click.option("--path", type=IN_PATH, help="Its files: their digest is computed and marked as verified.")
@documents_option
@click.option("--out", type=OUT_PATH, help="File to write.  [default: standard output]")
@on_registry
@verifying
def export(
    registry: Registry,
    record_id: Id,
    form: str,
    name: str,
    path: Path | None,
    documents: Path | None,
    out: Path | None,
) -> None:
    """Write a record in the format of another tool; each field says whether it is verified or asserted."""
    from keifu.provenance.digest import digest_path
    from keifu.provenance.export import describe
    from keifu.provenance.export import export as render
    from keifu.provenance.verify import check_author, check_tree, require

    root, held = registry.record_id(record_id), documents_in(documents)
    graph = registry.proved.lineage(root)
    entry, recomputed = graph.entries[root], None
    require([check_author(entry, registry.proved.followed)])
    if path is not None:
        manifest = held.manifest(entry.record)
        recomputed = manifest.tree(path) if manifest else digest_path(path)
        require([check_tree(entry, recomputed, manifest)])
    block = registry.proved.block
    state = f"state of block {block.header.number} ({block.hash}; {block.believed})"
    records = graph.records
    subject = describe(
        name,
        graph,
        recomputed=recomputed,
        statements=held.said(records),
        manifests=held.manifests(records),
        source=state,
    )
    body = render(form, subject)
    if out is None:
        click.echo(body.decode(), nl=False)
    else:
        out.write_bytes(body)
