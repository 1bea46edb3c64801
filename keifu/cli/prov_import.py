"""`keifu prov import`: records from what other tools keep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._prov_options import Registry, on_registry
from keifu.cli._types import IN_PATH, Id, Text
from keifu.cli.prov_write import LINK
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.spec.kinds import MAX_NAME_BYTES, MAX_URI_BYTES, Kind, Relation
from keifu.texts import one_line

if TYPE_CHECKING:
    from keifu.provenance.imports import Found

__all__ = ["import_records"]

MLFLOW, DVC, HUGGINGFACE, GIT = "mlflow", "dvc", "huggingface", "git"
TOOLS = (MLFLOW, DVC, HUGGINGFACE, GIT)
KINDS = {kind.word: kind for kind in Kind}


class _KindType(click.ParamType):
    """A kind of record, for all that was made or for one path."""

    name = "kind"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Kind]:
        if isinstance(value, tuple):
            return value
        path, _, word = value.rpartition("=")
        if word not in KINDS:
            self.fail(f"unknown kind {word!r}: one of {', '.join(KINDS)}", param, ctx)
        return path, KINDS[word]


@verb(
    "import",
    example="keifu prov import git . --revision v1.0 --link supersedes=4ad8a8f0 --key-file author.json",
    access=Access.SEND,
)
@click.argument("tool", metavar="TOOL", type=click.Choice(TOOLS))
@click.argument("path", type=IN_PATH)
@click.option(
    "--revision", default="", help="Of a cache: branch, tag or commit. Of git: the tag.  [default: main, HEAD's]"
)
@click.option("--stage", default="", help="Stage of dvc.lock.  [default: the only one]")
@click.option(
    "--kind", "kinds", type=_KindType(), multiple=True, metavar="[PATH=]KIND",
    help="Kind of what was made, or of one path that DVC names; repeatable.",
)  # fmt: skip
@click.option("--ignore", multiple=True, metavar="PATH", help="Of git: leave out this file or folder; repeatable.")
@click.option("--link", "links", type=LINK, multiple=True, help="A further parent of what was made; repeatable.")
@click.option("--version", type=Text(MAX_NAME_BYTES), default="", help="Version, in place of the tool's.")
@click.option("--licence", type=Text(MAX_NAME_BYTES), default="", help="SPDX identifier, in place of the tool's.")
@click.option("--uri", type=Text(MAX_URI_BYTES), default="", help="Where the files can be found.")
@click.option("--dry-run", is_flag=True, help="Show what would be registered; send nothing.")
@json_option
@on_registry
def import_records(
    registry: Registry,
    tool: str,
    path: Path,
    revision: str,
    stage: str,
    kinds: tuple[tuple[str, Kind], ...],
    ignore: tuple[str, ...],
    links: tuple[tuple[Relation, Id], ...],
    version: str,
    licence: str,
    uri: str,
    dry_run: bool,
    json_out: bool,
) -> None:
    """Register what another tool keeps, with a manifest and a statement for each record: a run of MLflow
    (mlruns/EXPERIMENT/RUN), a dvc.lock or .dvc file, a repository in a Hugging Face cache, or a tag of git. Each field
    says whether it is verified (recomputed from the bytes) or asserted (the tool says so)."""
    found = _read(tool, path, revision, stage, dict(kinds), ignore)
    from keifu.provenance.imports import declare, described, made_in

    last = made_in(found)
    found = [item.changed(version, licence, uri) if item.name in last else item for item in found]

    if dry_run:
        emit([described(item) for item in found], "\n".join(_lines(item) for item in found), json_out)
        return
    from keifu.provenance import Link
    from keifu.provenance.documents import Documents, kept_folder

    further = [Link(relation, registry.record_id(parent)) for relation, parent in links]
    made = declare(found, registry.source, registry.account, Documents(kept=kept_folder()), further)
    text = "\n".join(f"{item.id.hex()}  {item.found.kind.word} {one_line(item.found.name)}" for item in made)
    emit([item.to_json() for item in made], text, json_out)


def _read(
    tool: str, path: Path, revision: str, stage: str, kinds: dict[str, Kind], ignore: Sequence[str]
) -> list[Found]:
    _require_fitting(
        tool, {"--revision": revision, "--stage": stage, "--ignore": ignore, "--kind": kinds.keys() - {""}}
    )
    from keifu.provenance import imports

    kind = kinds.pop("", None)
    if tool == MLFLOW:
        return imports.read_mlflow(path, kind or Kind.MODEL)
    if tool == DVC:
        return imports.read_dvc(path, stage, kind, kinds)
    if tool == HUGGINGFACE:
        return [imports.read_huggingface(path, revision, kind)]
    return [imports.read_tag(path, revision, ignore, kind)]


def _require_fitting(tool: str, given: dict[str, Any]) -> None:
    """Raises UsageError for an option that says nothing about this tool."""
    fits = {"--revision": (HUGGINGFACE, GIT), "--stage": (DVC,), "--ignore": (GIT,), "--kind": (DVC,)}
    for name, value in given.items():
        if value and tool not in fits[name]:
            what = f"{name} with a path" if name == "--kind" else name
            raise UsageError(f"{what} says nothing about {tool}", remedy=f"it is for {' and '.join(fits[name])}")


def _lines(item: Found) -> str:
    facts = (f"  {fact.basis.value:8}  {fact.name}: {one_line(fact.value)} ({fact.how})" for fact in item.facts)
    return "\n".join((f"{item.kind.word} {one_line(item.name)}", *facts))
