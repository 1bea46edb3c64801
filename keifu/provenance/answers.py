"""Five questions about an artefact, five answers: where its data came from, who labelled it, which version it is, which
weights it has, and what runs. Each line says who said it, since when, and how that was verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keifu.provenance import _page
from keifu.provenance._model import ZERO, Kind, Relation, Status
from keifu.provenance._page import Words
from keifu.provenance.documents import Documents
from keifu.provenance.facts import Production
from keifu.provenance.lineage import Lineage
from keifu.provenance.registry import Entry
from keifu.provenance.statement import rfc3339
from keifu.provenance.trust import Trust
from keifu.provenance.verify import check_attesters
from keifu.units import counted

__all__ = ["QUESTIONS", "Answer", "Dossier", "Line", "labels_said", "page"]

PROVED = "proved in the state of the block"
SAID = "the author's word, committed in the record"
FILES = 3  # that are named
LABELLERS = 3  # likewise
ADDRESS = len("0x") + 40
SHORT = 8  # hex digits by which people tell records apart


@dataclass(frozen=True)
class Line:
    """One statement: what, who said it, since when, and how it was verified. `good` is no when it is withdrawn."""

    what: str
    who: str
    since: str
    how: str
    good: bool = True

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "who": self.who, "since": self.since, "how": self.how, "inOrder": self.good}


@dataclass(frozen=True)
class Answer:
    """The lines of one answer; none when nothing is recorded."""

    question: str
    lines: tuple[Line, ...]

    @property
    def good(self) -> bool:
        return all(line.good for line in self.lines)


@dataclass(frozen=True)
class Dossier:
    """Everything that the answers are taken from, proved at one block."""

    lineage: Lineage
    productions: Mapping[str, Production]  # by what the verifier calls the environment
    documents: Documents
    trust: Trust

    def answer(self, name: str) -> Answer:
        question, lines = QUESTIONS[name]
        return Answer(question, tuple(lines(self)))

    @property
    def root(self) -> Entry:
        return self.lineage.entries[self.lineage.root]

    def of(self, *kinds: Kind) -> list[Entry]:
        """The root and its ancestors of these kinds, nearest first."""
        return [entry for entry in self.lineage.entries.values() if entry.record.kind in kinds]


def _line(entry: Entry, what: str, how: str = SAID) -> Line:
    good = entry.status == Status.ACTIVE
    state = "" if good else f" ({entry.status.word}{': ' + entry.reason if entry.reason else ''})"
    title = f"{entry.record.kind.word} {entry.id.hex()[:SHORT]}{state}"
    return Line(
        f"{title}: {what}", entry.record.author, rfc3339(entry.time), f"author, time, state {PROVED}; {how}", good
    )


def _source(dossier: Dossier) -> Iterator[Line]:
    for entry in dossier.of(Kind.DATASET):
        record = entry.record
        parents = [link for link in record.links if link.relation == Relation.DERIVED_FROM]
        origin = f"made from {', '.join(link.parent.hex()[:SHORT] for link in parents)}" if parents else "an origin"
        words = [origin, record.licence or "no licence named", *([record.uri] if record.uri else [])]
        yield _line(entry, "; ".join(words))


def _labels(dossier: Dossier) -> Iterator[Line]:
    for entry in dossier.of(Kind.LABEL_SET):
        said = [item.get("predicate") for item in dossier.documents.statements(entry.record)]
        about = next((item for item in said if isinstance(item, dict) and "labels" in item), {})
        yield _line(entry, ", ".join(labels_said(about)) or "labels of " + _parents(entry))


def labels_said(said: Mapping[str, Any]) -> Iterator[str]:
    """What a set's own statement says: how many labels, by whom, and under which root they are anchored. Its author may
    have written anything."""
    if isinstance(said.get("labels"), int):
        yield counted(said["labels"], "label")
    signers = said.get("labellers")
    if isinstance(signers, int):
        yield counted(signers, "labeller")
    if (
        isinstance(signers, list)
        and signers
        and all(isinstance(item, str) and len(item) == ADDRESS for item in signers)
    ):
        more = f" and {len(signers) - LABELLERS} more" if len(signers) > LABELLERS else ""
        yield f"signed by {', '.join(signers[:LABELLERS])}{more}"
    if isinstance(said.get("anchor"), str):
        yield f"anchored as {said['anchor'][:SHORT]}…"


def _version(dossier: Dossier) -> Iterator[Line]:
    for entry in (dossier.root, *(item for item in dossier.of(Kind.RUN, Kind.CODE) if item != dossier.root)):
        older = [link.parent.hex()[:SHORT] for link in entry.record.links if link.relation == Relation.SUPERSEDES]
        words = [entry.record.version or "no version named", *([f"supersedes {', '.join(older)}"] if older else [])]
        yield _line(entry, "; ".join([*words, f"id {entry.id.hex()}"]))


def _weights(dossier: Dossier) -> Iterator[Line]:
    for entry in dossier.of(Kind.WEIGHTS)[:1] or [dossier.root]:
        record, manifest = entry.record, dossier.documents.manifest(entry.record)
        words = [f"digest {record.digest.hex()}"]
        if manifest is not None:
            names = ", ".join(file.name for file in manifest.files[:FILES])
            more = f" and {len(manifest.files) - FILES} more" if len(manifest.files) > FILES else ""
            words.append(f"{counted(len(manifest.files), 'file')}, {counted(manifest.size, 'byte')}: {names}{more}")
        if record.program_root != ZERO:
            words.append(f"weights, biases and rounding {record.program_root.hex()[: 2 * SHORT]}…")
        yield _line(entry, "; ".join(words), "digest committed in the record, names in its manifest")


def _running(dossier: Dossier) -> Iterator[Line]:
    for name, made in dossier.productions.items():
        here, how = made.artefact == dossier.lineage.root, f"promotion, policy and attestations {PROVED}"
        if not made.seq:
            yield Line(f"{name}: nothing was ever promoted", made.owner, "", how, good=False)
            continue
        runs = (
            f"{name} runs {'this' if here else 'another record, ' + made.artefact.hex()[:SHORT]}: promotion {made.seq}"
        )
        policy = check_attesters(made, dossier.trust)
        holds = "its policy holds" if made.ok else f"not in order: {made.status.word}, {len(made.unmet)} demands unmet"
        if made.unsound is not None:
            holds += f", made from {made.unsound[0].hex()[:SHORT]}, which is {made.unsound[1].word}"
        attesters = sorted({item.attester for item in made.standing})
        by = f" by {', '.join(attesters)}" if attesters else " and asks for no attestation"
        strange = "" if policy.ok else f"; not whom you trust: {policy.detail}"
        yield Line(f"{runs}; {holds}{by}{strange}", made.owner, f"block {made.block}", how, good=made.ok and policy.ok)


def _parents(entry: Entry) -> str:
    return ", ".join(link.parent.hex()[:SHORT] for link in entry.record.links) or "nothing that is recorded"


QUESTIONS: dict[str, tuple[str, Callable[[Dossier], Iterator[Line]]]] = {
    "source": ("Where did the data come from?", _source),
    "labels": ("Who labelled it?", _labels),
    "version": ("Which version is it?", _version),
    "weights": ("Which weights and biases does it have?", _weights),
    "running": ("What runs in production?", _running),
}


WORDS = Words("What", "Who said it", "Since", "How it was verified", "Not recorded.", "Block")


def page(title: str, block: str, answers: Sequence[Answer]) -> str:
    """One file of HTML to hand to somebody."""
    return _page.page(title, block, [(answer.question, answer.lines) for answer in answers], WORDS)
