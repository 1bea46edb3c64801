"""`evmstorm example`: known bugs in released contracts, to try a search on."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from evmstorm.cli._command import Command

__all__ = ["cli"]


@click.command(cls=Command, example="consecutive")
@click.argument("name", required=False)
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="Folder to write.  [default: NAME]")
def cli(name: str | None, to: Path | None) -> int:
    """Write the example NAME into a folder: byte code of a released contract with a known bug, and its description.
    Without NAME, list them."""
    from ethwire.errors import UsageError  # noqa: PLC0415

    examples = {item.name: item for item in resources.files("evmstorm.examples").iterdir() if item.is_dir()}
    known = sorted(title for title in examples if not title.startswith("_"))
    if name is None:
        click.echo("\n".join(known))
        return 0
    if name not in known:
        raise UsageError(f"no example {name}", remedy=f"there are: {', '.join(known)}")
    folder = to or Path(name)
    if folder.exists():
        raise UsageError(f"{folder} is there already", remedy="name another folder by --to")
    folder.mkdir(parents=True)
    for item in examples[name].iterdir():
        if item.is_file():
            (folder / item.name).write_bytes(item.read_bytes())
    description = next(path for path in sorted(folder.iterdir()) if path.suffix == ".py")
    click.echo(f"wrote {folder}: `evmstorm fuzz {description}`")
    return 0
