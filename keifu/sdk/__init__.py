"""What a program uses: publish data, register models, promote, check what runs, stake, claim; now or awaited.

    import keifu
    with keifu.connect(role="author") as k:
        data = k.datasets.publish("data", licence="CC-BY-4.0")

`connection` is the front door, `areas` what it offers, `link` the chain below it, which nobody needs to see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.sdk.acting import Agents, Made
    from keifu.sdk.areas import (
        Datasets,
        Delegation,
        Environments,
        Grants,
        Models,
        Promotion,
        Published,
        Staking,
        Verdict,
    )
    from keifu.sdk.connection import AsyncKeifu, Keifu, connect, connect_async
    from keifu.sdk.paying import Channels, ChannelState, Inferred
    from keifu.sdk.storing import Endowed, Quoted, Storage, Stored

__all__ = [
    "Agents",
    "AsyncKeifu",
    "ChannelState",
    "Channels",
    "Datasets",
    "Delegation",
    "Endowed",
    "Environments",
    "Grants",
    "Inferred",
    "Keifu",
    "Made",
    "Models",
    "Promotion",
    "Published",
    "Quoted",
    "Staking",
    "Storage",
    "Stored",
    "Verdict",
    "connect",
    "connect_async",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.sdk.acting": ["Agents", "Made"],
        "keifu.sdk.areas": [
            "Datasets",
            "Delegation",
            "Environments",
            "Grants",
            "Models",
            "Promotion",
            "Published",
            "Staking",
            "Verdict",
        ],
        "keifu.sdk.connection": ["AsyncKeifu", "Keifu", "connect", "connect_async"],
        "keifu.sdk.paying": ["ChannelState", "Channels", "Inferred"],
        "keifu.sdk.storing": ["Endowed", "Quoted", "Storage", "Stored"],
    },
)
