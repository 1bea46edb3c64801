"""Models of integers that a node's settings name: loaded by their folders, or refused by them."""

from __future__ import annotations

import asyncio

import pytest

from keifu.compute.client.checks import Prices
from keifu.errors import InputError, UsageError
from keifu.inference.embeddings.building import build
from keifu.node.compute.making import own_section
from keifu.node.compute.own_tokens import own_vectors
from keifu.node.sections import ComputeWork
from tests.conformance.inference.bert_folder import folder_of

PRICES = {"request": 3, "million_in": 5, "million_out": 7}


def section(*embeddings):
    made = own_section("127.0.0.1:0", "1 second", (), (), PRICES, embeddings=embeddings)
    return ComputeWork(**made)


def test_a_folder_of_integers_is_served_under_its_name(tmp_path):
    build(folder_of(tmp_path / "published"), tmp_path / "integers")
    [found] = own_vectors(section(f"vectors={tmp_path / 'integers'}"), tmp_path)
    assert (found.name, found.prices) == ("vectors", Prices(3, 5, 7))
    assert found.endpoints == {"embeddings"}
    asyncio.run(found.close())


def test_what_is_no_such_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=f"{tmp_path} is no embedding model"):
        own_vectors(section(f"vectors={tmp_path}"), tmp_path)
    for text in ("vectors", f"={tmp_path}", f"vectors={tmp_path / 'gone'}"):
        with pytest.raises(UsageError, match=r"--embeddings .* is not NAME=PATH of what is there"):
            section(text)
