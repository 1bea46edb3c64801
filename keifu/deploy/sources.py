"""Of which sources a deployment is: the commit of the clone that the command runs in, and the compiler."""

from __future__ import annotations

import subprocess
from pathlib import Path

from keifu import abi
from keifu.chain.suite import FACTORY
from keifu.errors import EnvironmentFault, UsageError

__all__ = ["commit", "compiler", "require_clean"]

SHOWN = 3  # changed files in a message
ROOT = Path(__file__).parents[2]
PARTS = ("contracts", "keifu", "scripts", "packages/ethwire")  # what a deployment is made of
_NAME = b"\x65vyper\x83"  # in the CBOR behind creation code: a text of five letters, then three numbers


def commit() -> str:
    """Of this clone; "" for an installed package."""
    return _git("rev-parse", "HEAD").strip() if (ROOT / ".git").exists() else ""


def compiler() -> str:
    """As the creation code itself says."""
    _, name, version = abi.load(FACTORY).creation_code.rpartition(_NAME)
    return "vyper " + ".".join(str(number) for number in version[:3]) if name else ""


def require_clean() -> None:
    """Raises UsageError when this clone has changes that no commit has: nobody could look up what was deployed."""
    if not (ROOT / ".git").exists():
        return
    changed = [line[3:] for line in _git("status", "--porcelain", "--", *PARTS).splitlines()]
    if changed:
        more = len(changed) - SHOWN
        listed = ", ".join(changed[:SHOWN]) + (f" and {more} more" if more > 0 else "")
        raise UsageError(f"the working tree has changes: {listed}", remedy="commit them, or deploy from a clean clone")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  # our own words
            ["git", "-C", str(ROOT), *arguments],  # noqa: S607
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError) as error:
        raise EnvironmentFault(f"git does not say what this clone is: {error}", remedy="install git") from error
    return done.stdout
