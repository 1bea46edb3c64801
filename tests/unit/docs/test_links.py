"""Every link between pages leads somewhere, to a heading that is there if it names one."""

from __future__ import annotations

import pytest

from tests.unit.docs.pages import LINK, anchors, name, pages, prose


@pytest.mark.parametrize("page", pages(), ids=name)
def test_links_lead_to_files_and_headings(page):
    broken = []
    for target in LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        path, _, fragment = target.partition("#")
        there = (page.parent / path) if path else page
        if not there.exists() or (fragment and fragment not in anchors(there.read_text(encoding="utf-8"))):
            broken.append(target)
    assert not broken
