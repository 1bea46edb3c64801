"""A copy of the working tree with a tool chain of its own: what is written in it stays in it, and its commands import
its files. Packages are linked, not copied; what names the place of the tree is rewritten."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.guides._pages import ROOT

__all__ = ["checkout"]

KEPT = (".build", ".cache/machine", "engine/tests/project/.build")  # made from the sources; checked when read
STAMP = ".cache/setup.stamp"
CACHES = "__pycache__"


def checkout(target: Path) -> Path:
    """Make the copy in `target` and return it. Changes that are not committed are in it."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    folders: set[Path] = set()
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
            folders.add(Path(name).parent)
    for folder in folders:  # compiled modules are valid as long as time stamps are
        if (ROOT / folder / CACHES).is_dir():
            shutil.copytree(ROOT / folder / CACHES, target / folder / CACHES)
    for name in KEPT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, symlinks=True)
    (target / "node_modules").symlink_to(ROOT / "node_modules")
    _tool_chain(ROOT / ".venv", target / ".venv")
    (target / STAMP).parent.mkdir(exist_ok=True)
    (target / STAMP).touch()
    return target


def _tool_chain(original: Path, copy: Path) -> None:
    [packages] = original.glob("lib/python*/site-packages")
    ours = copy / packages.relative_to(original)
    ours.mkdir(parents=True)
    for entry in packages.iterdir():
        if entry.suffix == ".pth" and str(ROOT) in entry.read_text():
            _rewrite(entry, ours / entry.name, copy.parent)
        else:
            (ours / entry.name).symlink_to(entry)
    shutil.copy2(original / "pyvenv.cfg", copy)
    (copy / "bin").mkdir()
    for entry in (original / "bin").iterdir():
        place = copy / "bin" / entry.name
        if entry.is_symlink():
            place.symlink_to(str(entry.readlink()).replace(str(ROOT), str(copy.parent)))
        elif entry.read_bytes()[:4] == b"\x7fELF":
            place.symlink_to(entry)
        else:
            _rewrite(entry, place, copy.parent)


def _rewrite(source: Path, place: Path, root: Path) -> None:
    place.write_text(source.read_text().replace(str(ROOT), str(root)))
    shutil.copymode(source, place)
