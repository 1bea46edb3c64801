"""The suite with an ape account: `ape run deploy <verb>`; `keifu deploy` is the same with a key file."""

from __future__ import annotations

from keifu.cli import deploy
from scripts._ape_session import adapted

cli = adapted(deploy.cli)
