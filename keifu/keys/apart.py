"""Opening a key file in a process of its own: the 256 MiB that scrypt takes for a moment are never this process's.

    python -m keifu.keys.apart FILE

Reads the password from its input and writes one JSON document: the secret, or what is wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ethwire.keys import Account
from keifu.errors import EnvironmentFault, InputError, KeifuError
from keifu.keys.keystore import load_account

__all__ = ["open_apart"]


def open_apart(path: Path, password: bytes) -> Account:
    """The account of a key file. Raises InputError as `load_account`, EnvironmentFault where no process starts."""
    command = [sys.executable, "-m", "keifu.keys.apart", str(path)]
    try:
        done = subprocess.run(command, input=password, capture_output=True, check=True)  # noqa: S603
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise EnvironmentFault(
            f"{path} could not be opened by a process of its own", remedy="let the key agent hold the key"
        ) from error
    if "secret" not in said:
        raise InputError(said["message"], remedy=said["remedy"])
    return Account(bytes.fromhex(said["secret"]), path.stem)


def _main() -> None:
    path = Path(sys.argv[1])
    try:
        found: dict[str, str] = {"secret": load_account(path, sys.stdin.buffer.read()).secret().hex()}
    except KeifuError as error:
        found = {"message": error.message, "remedy": error.remedy or ""}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _main()
