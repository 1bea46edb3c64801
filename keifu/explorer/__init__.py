"""The explorer: pages for anybody, made from the index, and live.

Explorer       answers requests for pages; `keifu.serving.Server` serves it
"""

from __future__ import annotations

from keifu.explorer.app import Explorer

__all__ = ["Explorer"]
