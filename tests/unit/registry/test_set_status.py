"""ProvenanceRegistry.set_status: withdrawing, never removing."""

from __future__ import annotations

import ape
import pytest

from keifu.provenance import Status

from .conftest import sha


@pytest.mark.parametrize("status", [Status.DEPRECATED, Status.REVOKED])
def test_author_withdraws_with_a_reason(registry, author, dataset_id, status):
    before = registry.state_of(dataset_id)
    receipt = registry.set_status(dataset_id, status, "labels were copied", sender=author)
    assert receipt.events == [registry.StatusChanged(id=dataset_id, status=status, reason="labels were copied")]
    after = registry.state_of(dataset_id)
    assert after[2] == status
    assert (after[0], after[1], after[3]) == (before[0], before[1], before[3])


def test_stranger_is_refused(registry, stranger, dataset_id):
    """REG-3"""
    with ape.reverts("registry: not the record's author"):
        registry.set_status(dataset_id, Status.REVOKED, "malice", sender=stranger)


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.ACTIVE, Status.DEPRECATED])
def test_status_never_falls(registry, author, dataset_id, status):
    """REG-1"""
    registry.set_status(dataset_id, Status.DEPRECATED, "old", sender=author)
    with ape.reverts("registry: status only grows"):
        registry.set_status(dataset_id, status, "new again", sender=author)


def test_deprecated_may_still_be_revoked(registry, author, dataset_id):
    registry.set_status(dataset_id, Status.DEPRECATED, "old", sender=author)
    registry.set_status(dataset_id, Status.REVOKED, "wrong", sender=author)
    assert registry.status_of(dataset_id) == Status.REVOKED


def test_unknown_status_is_refused(registry, author, dataset_id):
    with ape.reverts("registry: unknown status"):
        registry.set_status(dataset_id, 4, "what", sender=author)


def test_no_reason_is_refused(registry, author, dataset_id):
    with ape.reverts("registry: no reason given"):
        registry.set_status(dataset_id, Status.REVOKED, "", sender=author)


def test_unknown_record_is_refused(registry, author):
    with ape.reverts("registry: unknown record"):
        registry.set_status(sha("nobody"), Status.REVOKED, "why", sender=author)
