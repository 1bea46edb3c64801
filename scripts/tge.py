"""The token generation event with an ape account: `ape run tge <verb>`; `keifu tge` is the same with a key file."""

from __future__ import annotations

from keifu.cli import tge
from scripts._ape_session import adapted

cli = adapted(tge.cli)
