"""The alignment court with an ape account: `ape run court <verb>`; `keifu court` is the same with a key file."""

from __future__ import annotations

from keifu.cli import court
from scripts._ape_session import adapted

cli = adapted(court.cli)
