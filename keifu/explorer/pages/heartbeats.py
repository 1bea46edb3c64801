"""What operators say that they run: their newest heartbeats, as they were verified here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keifu.chain.suite import REGISTRY
from keifu.explorer.beats import Beat
from keifu.explorer.markup import Child, el
from keifu.explorer.parts import badge, section, table
from keifu.explorer.view import SHORT, View

__all__ = ["check_of", "heartbeats", "lines_of"]

ON_PAGE = 25
FILE = "heartbeats.jsonl"  # as which a reader saves what was signed
_COLUMNS = ("operator", "environment", "digest", "seq", "time", "state", "node", "line")


def heartbeats(view: View, *, operator: str = "", environment: str = "") -> Child:
    """The section of an operator or of an environment; nothing where no watcher is asked."""
    if not view.beats.are_asked_for:
        return None
    words = view.words
    known = "operator" if operator else "environment"  # of all rows
    names = [name for name in _COLUMNS if name != known]
    heads = [words(f"beats.{name}") for name in names]
    found = view.beats.of(operator=operator, environment=environment)
    rows = ([row[name] for name in names] for beat in found[:ON_PAGE] if (row := _row(view, beat)))
    lead = el("p", words("beats.lead", file=FILE))
    every = el("a", words("beats.every"), href=f"/heartbeats/{environment[2:]}") if found and environment else None
    more = len(found) - ON_PAGE
    return section(
        words("beats.title"),
        lead if found else None,
        table(heads, rows, words("beats.none")),
        el("p", words("beats.more", count=more)) if more > 0 else None,
        el("p", every) if every else None,
        name="heartbeats",
    )


def check_of(beat: Beat) -> tuple[str, ...]:
    """The command that checks what was signed."""
    return "keifu", "prov", "verify-running", beat.said.environment.hex(), "--heartbeats", FILE


def lines_of(beats: Sequence[Beat]) -> bytes:
    """As `keifu prov verify-running --heartbeats` reads them."""
    return "".join(f"{beat.line}\n" for beat in beats).encode()


def _row(view: View, beat: Beat) -> Mapping[str, Child]:
    said = beat.said
    promoted = view.promotion(beat.environment, said.promotion_seq)
    if promoted is None:
        return {}  # the block of the promotion is gone, and so is what was said of it
    registered = view.last(REGISTRY, "Registered", id=promoted["args"]["artefact"])
    is_true = registered is not None and registered["args"]["digest"] == "0x" + said.digest.hex()
    file = f"/heartbeats/{said.environment.hex()}/{beat.operator}"
    return {
        "operator": view.link(el("code", f"{beat.operator[:10]}…"), "operator", beat.operator, title=beat.operator),
        "environment": view.environment(beat.environment),
        "digest": el("code", said.digest.hex()[:SHORT], title=said.digest.hex()),
        "seq": [str(said.promotion_seq), " ", view.proof(promoted)],
        "time": view.time(said.time),
        "state": _state(view, beat, is_true=is_true),
        "node": view.address(said.node),
        "line": el("a", view.words("beats.signed"), href=file),
    }


def _state(view: View, beat: Beat, *, is_true: bool) -> Child:
    """Whether the digest is the promoted one."""
    if not is_true:
        return badge(view.words("beats.false"), "bad")
    if view.promotion(beat.environment, beat.said.promotion_seq + 1) is not None:
        return badge(view.words("beats.earlier"), "warn")
    return badge(view.words("beats.true"), "good")
