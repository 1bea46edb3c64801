"""The subject as an in-toto statement."""

from __future__ import annotations

from keifu.provenance.export._subject import Subject
from keifu.provenance.statement import canonical, statement

__all__ = ["InToto"]


class InToto:
    """One statement about the artefact, its facts and its ancestors."""

    name = "intoto"
    filename = "statement.json"

    def render(self, subject: Subject) -> bytes:
        facts = [
            {"name": fact.name, "value": fact.value, "basis": fact.basis.value, "how": fact.how}
            for fact in subject.facts
        ]
        predicate = {"facts": facts, "lineage": subject.lineage.to_json()}
        return canonical(statement(subject.name, subject.entry.record.digest, predicate)) + b"\n"
