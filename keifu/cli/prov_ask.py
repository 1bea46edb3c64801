"""`keifu prov source`, `labels`, `version`, `weights`, `running`, and `ask` for all five: questions and answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._prov_options import Registry, on_registry, verifying
from keifu.cli._types import ADDRESS, OUT_PATH, RECORD
from keifu.cli.prov_bytes import reading
from keifu.cli.prov_read import documents_in, documents_option, records_of
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError
from keifu.texts import one_line

if TYPE_CHECKING:
    from keifu.provenance.answers import Answer, Dossier
    from keifu.provenance.documents import Documents

__all__ = ["about", "ask", "dossier_of", "labels", "running", "source", "version", "weights"]


def about(body: Callable[..., Any]) -> Callable[..., Any]:
    """NAME and what goes with it."""
    for option in (
        verifying,
        on_registry,
        json_option,
        documents_option,
        reading,
        click.option("--owner", type=ADDRESS, help="Owner of the environment NAME."),
        click.argument("name", metavar="NAME|ID|PATH"),
    ):
        body = option(body)
    return body


@verb("source", example="keifu prov source production --owner 0x…", access=Access.READ)
@about
def source(registry: Registry, json_out: bool, **named: Any) -> None:
    """Answer where the data came from, for an environment, a record, or the files at a path."""
    _tell(registry, ["source"], json_out, None, **named)


@verb("labels", example="keifu prov labels 6c2e98f1", access=Access.READ)
@about
def labels(registry: Registry, json_out: bool, **named: Any) -> None:
    """Answer who labelled it, for an environment, a record, or the files at a path."""
    _tell(registry, ["labels"], json_out, None, **named)


@verb("version", example="keifu prov version ./weights", access=Access.READ)
@about
def version(registry: Registry, json_out: bool, **named: Any) -> None:
    """Answer which version it is, for an environment, a record, or the files at a path."""
    _tell(registry, ["version"], json_out, None, **named)


@verb("weights", example="keifu prov weights 6c2e98f1", access=Access.READ)
@about
def weights(registry: Registry, json_out: bool, **named: Any) -> None:
    """Answer which weights and biases it has, for an environment, a record, or the files at a path."""
    _tell(registry, ["weights"], json_out, None, **named)


@verb("running", example="keifu prov running production --owner 0x…", access=Access.READ)
@about
def running(registry: Registry, json_out: bool, **named: Any) -> None:
    """Answer what runs: in an environment, or whether a record or files run in those that your trust file names."""
    _tell(registry, ["running"], json_out, None, **named)


@verb("ask", example="keifu prov ask production --owner 0x… --page answers.html", access=Access.READ)
@click.option("--page", "page_file", type=OUT_PATH, help="File for a page of HTML to hand to somebody.")
@about
def ask(registry: Registry, json_out: bool, page_file: Path | None, **named: Any) -> None:
    """Answer all five: source, labels, version, weights, running; exit status 1 when one of them is not in order."""
    _tell(registry, ["source", "labels", "version", "weights", "running"], json_out, page_file, **named)


def _tell(
    registry: Registry, names: Sequence[str], json_out: bool, page_file: Path | None, *, name: str, **named: Any
) -> None:
    from keifu.provenance.answers import page
    from keifu.provenance.verify import check_author, check_block, require

    dossier = dossier_of(registry, name, **named)
    require([check_author(dossier.root, registry.proved.followed)])
    block = check_block(registry.proved.block).detail
    answers = {item: dossier.answer(item) for item in names}
    if page_file is not None:
        page_file.write_text(page(f"{name}: {dossier.root.id.hex()}", block, list(answers.values())))
    document = {
        "record": dossier.root.id.hex(),
        "block": block,
        "answers": {item: [line.to_json() for line in answer.lines] for item, answer in answers.items()},
    }
    emit(document, _text(block, list(answers.values())), json_out)
    wrong = [item for item, answer in answers.items() if not answer.good]
    if wrong:
        raise CheckFailed(f"not in order: {', '.join(wrong)}", remedy="the lines that are marked ! say what")


def _text(block: str, answers: Sequence[Answer]) -> str:
    lines = [f"block {block}"]
    for answer in answers:
        lines.append(answer.question)
        for line in answer.lines:
            since = f", since {line.since}" if line.since else ""
            lines.append(f"{'  ' if line.good else '! '}{one_line(line.what)}")
            lines.append(f"    said by {line.who}{since}; {line.how}")
        if not answer.lines:
            lines.append("  not recorded")
    return "\n".join(lines)


def dossier_of(
    registry: Registry,
    name: str,
    *,
    owner: str | None,
    documents: Path | None,
    ignore: tuple[str, ...],
    links_followed: bool,
) -> Dossier:
    """NAME is files when there are such, an environment when an owner or the trust file says so, else a record."""
    from keifu.provenance.answers import Dossier

    known = {key: bytes.fromhex(value) for key, value in (registry.pinned.named if registry.pinned else {}).items()}
    root, asked, held = None, False, documents_in(documents)
    if Path(name).exists():
        root = _of_files(registry, Path(name), ignore, links_followed, held)
    elif owner or name in known:
        known, asked = {name: registry.environment(name, owner)}, True
    else:
        try:
            root = registry.record_id(RECORD.convert(name, None, None))
        except click.BadParameter as error:
            raise UsageError(
                f"{name!r} is neither a path, nor an environment that you named, nor an id",
                remedy="--owner ADDRESS for an environment by name; keifu trust init --environment names one for good",
            ) from error
    lineage, made = registry.proved.dossier(root, list(known.values()))
    if asked and not made[0].seq:
        raise CheckFailed(f"nothing was ever promoted in {name}")
    return Dossier(lineage, dict(zip(known, made, strict=True)), held, registry.trust)


def _of_files(registry: Registry, path: Path, ignore: tuple[str, ...], links: bool, held: Documents) -> bytes:
    found = records_of(registry, path, ignore, links, held)
    named = [entry for entry, finding in found if finding.ok]
    if not named:
        under = f" under these names: {found[-1][1].detail}" if found else ""
        raise CheckFailed(f"no record of {path}{under}", remedy="`keifu prov register` makes one")
    return named[-1].id
