"""The changelog by release: the headings of Keep a Changelog, newest first, lines that fit."""

from __future__ import annotations

import tomllib

from tests.unit.docs.pages import ROOT

KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def lines():
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()


def test_releases_have_the_usual_headings_in_their_order():
    releases: dict[str, list[str]] = {}
    for line in lines():
        if line.startswith("## "):
            kinds = releases.setdefault(line[3:], [])
        elif line.startswith("### "):
            kinds.append(line[4:])
    assert next(iter(releases)) == "Unreleased"
    for kinds in releases.values():
        assert kinds == sorted(set(kinds), key=KINDS.index)


def test_the_package_s_version_is_a_release():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in lines()


def test_lines_fit_and_are_items_of_lists():
    assert [line for line in lines() if len(line) > 120] == []
    first = lines().index("## Unreleased")
    assert [line for line in lines()[first:] if line and not line.startswith(("## ", "### ", "- ", "  "))] == []
