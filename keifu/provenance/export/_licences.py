"""Which licences have an SPDX identifier (https://spdx.org/licenses, as CycloneDX lists them)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["spdx_id"]


@cache
def _known() -> dict[str, str]:
    text = files("keifu.provenance.export").joinpath("spdx_licences.txt").read_text()
    return {name.lower(): name for name in text.split()}


def spdx_id(licence: str) -> str:
    """The identifier as SPDX spells it, or "" when it has none for this text."""
    return _known().get(licence.lower(), "")
