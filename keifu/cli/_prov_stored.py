"""Records of what is in storage: a record's digest is the content root there, and its uri the file's address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._store import FILE, market_of, named
from keifu.errors import CheckFailed, InputError, UsageError

if TYPE_CHECKING:
    from keifu.cli._prov_options import Registry
    from keifu.provenance.registry import Entry
    from keifu.provenance.verify import Finding
    from keifu.storage.client.address import FileAddress

__all__ = ["check_stored", "fetch_option", "fetched", "stored_option", "stored_root"]


def stored_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--stored", type=FILE,
        help="What `keifu store put` made of PATH: the record names its content root and address.",
    )(body)  # fmt: skip


def fetch_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--fetch", type=click.Path(path_type=Path), help="Read what the record names from storage to this path."
    )(body)


def stored_root(registry: Registry, path: Path, file: Any) -> tuple[bytes, str]:
    """Content root and address of a stored file that is what lies at `path`. Raises CheckFailed when it is not."""
    from keifu.storage.client.keeping import compare
    from keifu.storage.client.trees import source_of

    found = named(registry.session, file, None)
    if found.keys is None:
        raise UsageError("this file is private", remedy="register it with the account that stored it")
    compare(found.descriptor, found.keys, source_of(path.resolve()))
    return found.descriptor.content_root, str(found.address)


def fetched(registry: Registry, entry: Entry, out: Path) -> tuple[Finding, bool]:
    """Read what a record names from storage; whether its digest is the content root there. Raises UsageError for a
    record whose uri is no address, CheckFailed when it is not the record's."""
    from keifu.provenance.verify import Finding
    from keifu.storage.client.fetching import opened
    from keifu.storage.client.trees import write_file, write_tree

    address = _address(entry)
    found = named(registry.session, address, None)
    is_root = found.descriptor.content_root == entry.record.digest
    with opened(market_of(registry.session), address, found.descriptor, found.keys) as file:
        manifest = file.manifest
        count = write_file(file.read(), out) if manifest is None else write_tree(manifest, file.read(), out)
    root = found.descriptor.content_root.hex()
    said = "the record's content root" if is_root else "stored under another root than the record's digest"
    return Finding("stored", True, f"{count:,} bytes from storage, {root[:16]}…: {said}"), is_root


def check_stored(registry: Registry, entry: Entry, path: Path) -> Finding | None:
    """Whether the files at `path` give the content root that a record names; None for a record of another kind."""
    from keifu.provenance.verify import Finding
    from keifu.storage.client.keeping import compare
    from keifu.storage.client.trees import source_of

    try:
        address = _address(entry)
    except UsageError:
        return None
    found = named(registry.session, address, None)
    if found.descriptor.content_root != entry.record.digest or found.keys is None:
        return None
    try:
        compare(found.descriptor, found.keys, source_of(path.resolve()))
    except CheckFailed as error:
        return Finding("bytes", False, error.message)
    return Finding("bytes", True, f"{found.descriptor.size:,} bytes give the content root, as registered")


def _address(entry: Entry) -> FileAddress:
    from keifu.storage.client.address import FileAddress

    try:
        return FileAddress.parse(entry.record.uri)
    except InputError as error:
        raise UsageError(
            f"the uri of {entry.id.hex()[:16]}… is no address in storage", remedy="keifu prov register --stored"
        ) from error
