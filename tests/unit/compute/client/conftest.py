"""A client with a folder of its own, and a provider that is honest unless a test says otherwise."""

from __future__ import annotations

import pytest

from tests.unit.compute.client.provider import client_of


@pytest.fixture
def asking(tmp_path):
    """Makes a client of a provider; each is closed."""
    made = []

    def make(provider, *, folder="client", **words):
        client = client_of(provider, tmp_path / folder, **words)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
        client.store.close()
