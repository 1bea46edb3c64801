"""The site of docs/: it builds with every warning an error, and its pages load nothing from another host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from scripts import flow_picture, site_hooks
from scripts.docs import BUILD, QUIET
from tests.unit.docs.pages import ROOT

SOURCES = ("mkdocs.yml", "docs", "scripts/site_hooks.py", *site_hooks.PAGES)


@pytest.fixture
def copy(tmp_path):
    """What the site is made of, in a folder of the test's own."""
    for name in SOURCES:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    return tmp_path


def build(folder):
    return subprocess.run(BUILD, cwd=folder, env=os.environ | QUIET, capture_output=True, text=True, check=False)


def test_the_site_builds_and_stands_alone(copy):
    done = build(copy)
    assert done.returncode == 0, done.stderr
    pages = list((copy / "out" / "site").rglob("*.html"))
    assert len(pages) > 20
    assert (copy / "out" / "site" / "search" / "search_index.json").exists()
    loads = re.compile(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=\"?(?:https?:)?//", re.IGNORECASE)
    assert [page.name for page in pages if loads.search(page.read_text(encoding="utf-8"))] == []


FAULTS = {
    "docs/status.md": ("[gone](gone-page.md) [gone](glossary.md#gone-heading)", ("gone-page.md", "#gone-heading")),
    "README.md": ("[gone](docs/gone-target.md)", ("gone-target.md",)),
    "docs/stray.md": ("# On no list", ("stray.md",)),
}


def test_broken_links_and_unlisted_pages_fail(copy):
    """One build for all of them: a build takes seconds."""
    for page, (text, _) in FAULTS.items():
        with (copy / page).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")
    done = build(copy)
    assert done.returncode != 0
    assert [word for _, words in FAULTS.values() for word in words if word not in done.stderr] == []


@pytest.mark.parametrize(
    ("page", "target", "link"),
    [
        ("index.md", "docs/glossary.md", "glossary.md"),
        ("index.md", "docs/guides/deployer.md#addresses-and-abis", "guides/deployer.md#addresses-and-abis"),
        ("index.md", "CHANGELOG.md", "changelog.md"),
        ("status.md", "../CHANGELOG.md", "changelog.md"),
        ("guides/auditor.md", "../invariants.md", "../invariants.md"),
        ("guides/auditor.md", "../../README.md", "../index.md"),
        ("engine.md", "../docs/guides/auditor.md", "guides/auditor.md"),
        ("status.md", "../Makefile", "../Makefile"),  # on no page: mkdocs refuses it
    ],
)
def test_links_of_the_repository_become_links_of_the_site(page, target, link):
    assert site_hooks.site_link(page, target) == link


def test_the_picture_of_the_flow_is_what_its_script_draws():
    assert flow_picture.PICTURE.read_text(encoding="utf-8") == flow_picture.draw()


def test_pictures_load_nothing():
    for picture in (ROOT / "docs" / "pictures").glob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        assert not re.search(r"(?:href|src)=\"https?:|url\(\s*[\"']?https?:|@import|<script", text), picture.name


def test_the_recording_is_of_a_demo_whose_claims_hold():
    text = (ROOT / "docs" / "pictures" / "demo.svg").read_text(encoding="utf-8")
    assert "hold" in text
    assert "✗" not in text
