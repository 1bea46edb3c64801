"""Staking with an ape account: `ape run staking <verb>`; `keifu staking` is the same with a key file."""

from __future__ import annotations

from keifu.cli import staking
from scripts._ape_session import adapted

cli = adapted(staking.cli)
