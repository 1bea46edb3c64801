"""Whether the tokens of a reply are drawn as was asked, and by a seed that its provider did not choose alone."""

from __future__ import annotations

import msgspec

from keifu.compute.canonical import Tokens, tokens_of
from keifu.compute.client.listed import about
from keifu.compute.receipt import Evidence, Receipt

__all__ = ["chosen_alone", "committed_in", "drawn_as_asked", "is_drawing"]


class _Asked(msgspec.Struct):
    temperature: float | None = None
    seed: int | None = None


def committed_in(models: bytes, name: str) -> bytes | None:
    """The half of a seed that an answer of /v1/models names for a model; None where it names none."""
    found = about(models, name)
    try:
        return None if found is None else bytes.fromhex(found.sampling)
    except ValueError:
        return None


def _asked(request: bytes) -> _Asked | None:
    """None for what is no such request."""
    try:
        return msgspec.json.decode(request, type=_Asked)
    except (ValueError, RecursionError):
        return None


def is_drawing(request: bytes) -> bool:
    """Whether a request asks for drawn tokens."""
    asked = _asked(request)
    return asked is not None and bool(asked.temperature)


def drawn_as_asked(receipt: Receipt, request: bytes, response: bytes) -> tuple[bool, str] | None:
    """Temperature and seed of an answer beside those of the request. None where nothing says that anything is drawn."""
    asked, tokens = _asked(request) or _Asked(), tokens_of(response)
    sampling, wanted = tokens.sampling if tokens else None, asked.temperature or 0.0
    if sampling is None:
        if receipt.evidence == Evidence.PROVED and wanted:
            return False, f"asked at temperature {wanted}, and no token was drawn"
        return None
    if not wanted:  # whatever temperature it names: by a scale of 0 noise alone would choose
        return False, "drawn, and the likeliest tokens were asked for"
    if sampling.temperature != wanted:
        return False, f"drawn at temperature {sampling.temperature}, asked was {wanted}"
    if asked.seed is not None and asked.seed != sampling.nonce:
        return False, f"drawn by seed {sampling.nonce}, asked was {asked.seed}"
    return True, f"drawn at temperature {wanted} by seed {sampling.nonce}"


def chosen_alone(tokens: Tokens, request: bytes, committed: bytes | None) -> str:
    """Why a provider may have chosen what is drawn; empty where it could not. `committed` is what it had named before
    the request was sent."""
    if tokens.sampling is None:
        return ""
    asked = _asked(request)
    if asked is None or asked.seed is None:
        return "you named no seed, so its provider chose what was drawn"
    if committed is None or committed != tokens.sampling.committed:
        return "its provider had not committed to its half of the seed before you asked"
    if len(tokens.prompt) + len(tokens.reply) <= 2:  # noqa: PLR2004 - one position
        return "what is drawn at one position alone is not judged"
    return ""
