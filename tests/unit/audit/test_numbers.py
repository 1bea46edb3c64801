"""A number that a campaign reports is one of docs/invariants.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evmstorm.project import load, names

DOCUMENT = Path("docs/invariants.md").read_text()
TABLE = DOCUMENT.split("## What the campaigns check")[1]
NUMBERED = set(re.findall(r"^\| ([A-Z]+-\d+) \|", DOCUMENT, re.MULTILINE))


@pytest.mark.parametrize("system", names())
def test_every_number_has_its_sentence(system: str) -> None:
    assert {item.id for item in load(system).invariants()} <= NUMBERED


@pytest.mark.parametrize("system", names())
def test_the_document_says_what_the_campaign_checks(system: str) -> None:
    row = next((line for line in TABLE.splitlines() if re.search(rf"\b{system}\b", line)), "")
    assert {item.id for item in load(system).invariants()} <= set(re.findall(r"[A-Z]+-\d+", row))
