"""What anybody may do once: another may be first, and then it is done all the same."""

from __future__ import annotations

from collections.abc import Callable

from keifu.errors import Revert

__all__ = ["unless_done"]


def unless_done(act: Callable[[], object], is_done: Callable[[], bool]) -> bool:
    """Act, and whether that took effect; False where the chain refuses it since another has done it in the meantime.

    `is_done` reads the chain anew. Raises Revert where it is refused for any other reason.
    """
    try:
        act()
    except Revert:
        if not is_done():
            raise
        return False
    return True
