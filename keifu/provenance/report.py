"""A report for a law: its headings, and under each what the records of a deployment say about it.

A checklist is a file of headings in two languages, each with the kinds of records that answer it. The package has the
one of Annex IV of the EU's AI Act; for another law a company writes a file in the same format. The report invents no
text: a heading that no record answers says "not recorded".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from keifu._files import read_bounded
from keifu.errors import InputError
from keifu.provenance._japanese import in_japanese, line_in_japanese
from keifu.provenance._model import Kind, Relation
from keifu.provenance._page import Words, page
from keifu.provenance.answers import QUESTIONS, Dossier, Line
from keifu.provenance.statement import rfc3339
from keifu.texts import one_line

__all__ = ["FORMAT", "TOPICS", "Checklist", "Section", "annex_iv", "html", "sections", "template", "text"]

FORMAT = "keifu-checklist/1"
LARGEST_FILE = 1 << 20
SHORT = 8  # hex digits by which people tell records apart
STATED = "the author's word, committed in the record"
PROVED = "proved in the state of the block"


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    en: str
    ja: str

    def of(self, language: str) -> str:
        return str(getattr(self, language))


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    heading: _Words
    records: tuple[str, ...] = ()


class Checklist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Headings of a law, each with the kinds of records that answer it."""

    format: str
    title: _Words
    items: tuple[_Item, ...]

    @classmethod
    def read(cls, path: Path) -> Checklist:
        """Raises InputError naming what is wrong with the file."""
        return cls._of(read_bounded(path, LARGEST_FILE, "a checklist"), str(path))

    @classmethod
    def _of(cls, body: bytes, where: str) -> Checklist:
        try:
            found = msgspec.json.decode(body, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(
                f"{where} is no checklist: {error}", remedy="print one to start from: keifu report --template"
            ) from error
        if found.format != FORMAT:
            raise InputError(f"{where} has format {found.format!r}, this version reads {FORMAT}")
        for item in found.items:
            if unknown := [topic for topic in item.records if topic not in TOPICS]:
                known = ", ".join(TOPICS)
                raise InputError(f"{where}, item {item.id}: no records of the topic {unknown[0]!r}", remedy=known)
        ids = [item.id for item in found.items]
        if not ids or len(set(ids)) != len(ids):
            raise InputError(f"{where} has no items, or two of one id")
        return found


def template() -> bytes:
    """The checklist that the package brings, to start another from."""
    return files("keifu.provenance").joinpath("annex_iv.json").read_bytes()


def annex_iv() -> Checklist:
    """The headings of Annex IV of Regulation (EU) 2024/1689."""
    return Checklist._of(template(), "annex_iv.json")


@dataclass(frozen=True)
class Section:
    """A heading, and the lines that records give; none when nothing is recorded."""

    id: str
    heading: str
    lines: tuple[Line, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "heading": self.heading,
            "recorded": bool(self.lines),
            "lines": [line.to_json() for line in self.lines],
        }


def sections(checklist: Checklist, dossier: Dossier, language: str) -> list[Section]:
    """The checklist's headings in this language, each with what its topics give."""
    found = {topic: tuple(lines(dossier)) for topic, lines in TOPICS.items()}
    if language == "ja":
        found = {topic: tuple(map(line_in_japanese, lines)) for topic, lines in found.items()}
    return [
        Section(
            item.id,
            item.heading.of(language),
            tuple(dict.fromkeys(line for topic in item.records for line in found[topic])),
        )
        for item in checklist.items
    ]


def _of_kinds(*kinds: Kind) -> Callable[[Dossier], Iterator[Line]]:
    def lines(dossier: Dossier) -> Iterator[Line]:
        for entry in dossier.of(*kinds):
            record = entry.record
            words = [record.version or "no version named", *([record.uri] if record.uri else [])]
            what = f"{record.kind.word} {entry.id.hex()[:SHORT]} ({entry.status.word}): {'; '.join(words)}"
            how = f"author, time, state {PROVED}; {STATED}"
            yield Line(what, record.author, rfc3339(entry.time), how, entry.status == 1)

    return lines


def _pretrained(dossier: Dossier) -> Iterator[Line]:
    """Models that this one was made from."""
    relations = (Relation.FINE_TUNED_FROM, Relation.QUANTISED_FROM)
    for entry in dossier.lineage.entries.values():
        for link in entry.record.links:
            if link.relation in relations:
                what = f"{entry.id.hex()[:SHORT]} {link.relation.word} {link.parent.hex()[:SHORT]}"
                yield Line(what, entry.record.author, rfc3339(entry.time), STATED)


def _changes(dossier: Dossier) -> Iterator[Line]:
    for entry in dossier.lineage.entries.values():
        for link in entry.record.links:
            if link.relation == Relation.SUPERSEDES:
                version = entry.record.version or "no version named"
                what = f"{entry.id.hex()[:SHORT]} ({version}) supersedes {link.parent.hex()[:SHORT]}"
                yield Line(what, entry.record.author, rfc3339(entry.time), STATED)


def _approvals(dossier: Dossier) -> Iterator[Line]:
    """Accounts that stand by what runs under the environment's policy. Which human holds a key, no record says."""
    for name, made in dossier.productions.items():
        if made.artefact != dossier.lineage.root:
            continue
        for item in made.standing:
            if item.time:
                stands = item.revoked_at == 0
                what = f"{name}: attestation under schema {item.schema.hex()[:SHORT]}{'' if stands else ', taken back'}"
                yield Line(what, item.attester, rfc3339(item.time), f"attestation {PROVED}", stands)


TOPICS: dict[str, Callable[[Dossier], Iterator[Line]]] = {
    **{name: lines for name, (_, lines) in QUESTIONS.items()},
    "code": _of_kinds(Kind.CODE, Kind.CONTAINER),
    "runs": _of_kinds(Kind.RUN),
    "evaluations": _of_kinds(Kind.EVALUATION),
    "pretrained": _pretrained,
    "changes": _changes,
    "approvals": _approvals,
}

WORDS = {
    "en": Words("What", "Who", "Since", "Proof", "Not recorded.", "Block"),
    "ja": Words("内容", "誰が", "いつから", "証明", "記録なし", "ブロック"),
}
WRONG = {"en": "NOT IN ORDER", "ja": "要確認"}


def text(title: str, block: str, found: Sequence[Section], language: str) -> str:
    """For a terminal."""
    words, wrong = WORDS[language], WRONG[language]
    lines = [title, f"{words.block} {_of_block(block, language)}"]
    for section in found:
        lines += ["", f"{section.id}  {section.heading}"]
        for line in section.lines:
            lines.append(f"  {'' if line.good else f'[{wrong}] '}{one_line(line.what)}")
            lines.append(f"    {line.who}{f', {line.since}' if line.since else ''}; {line.how}")
        if not section.lines:
            lines.append(f"  {words.nothing}")
    return "\n".join(lines)


def _of_block(block: str, language: str) -> str:
    return in_japanese(block) if language == "ja" else block


def html(title: str, block: str, found: Sequence[Section], language: str) -> str:
    """One file of HTML to hand to somebody."""
    block = _of_block(block, language)
    return page(title, block, [(f"{item.id} {item.heading}", item.lines) for item in found], WORDS[language], language)
