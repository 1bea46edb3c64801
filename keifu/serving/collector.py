"""Python's collector of cycles, in a process that serves for days."""

from __future__ import annotations

import gc

__all__ = ["collect_seldom"]

YOUNG = 10_000  # objects that are new, before the collector looks at them


def collect_seldom() -> None:
    """Called when what stays is loaded, and again when more is: what is here is never looked through again, and what is
    new more seldom.

    A server that answers many requests at once has some thousands of new objects at any moment. Looking through them
    took a twentieth of its processor seconds. Looking through what it had loaded stopped it for 60 ms each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
