"""The code is ISA-L's Cauchy matrix over 0x11d: the slow reference, the published vectors, and any k of k + m."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from keifu.errors import EnvironmentFault, UsageError
from keifu.storage import erasure
from keifu.storage.erasure import Code
from tests.conformance.storage.code import VECTORS, written
from tests.unit.storage import slow_code


def data_of(k: int, size: int) -> np.ndarray:
    return np.random.default_rng(k).integers(0, 256, (k, size), np.uint8)


def encoded(code: Code, data: np.ndarray) -> np.ndarray:
    parity = np.empty((code.m, data.shape[1]), np.uint8)
    code.encode(data, parity)
    return np.concatenate([data, parity])


@pytest.mark.parametrize(("k", "m"), [(1, 1), (2, 3), (4, 2), (10, 4), (16, 16), (31, 1), (1, 31)])
def test_the_slow_reference_gives_the_same_parity(k, m):
    data = data_of(k, 300)
    code = Code(k, m)
    assert code.matrix.tolist() == slow_code.matrix(k, m)
    assert (encoded(code, data)[k:] == slow_code.encode(data, m)).all()


def test_the_published_vectors_are_the_reference_s_and_the_code_s():
    assert VECTORS.read_text(encoding="utf-8") == written()
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        data = np.array([list(bytes.fromhex(row)) for row in vector["data"]], np.uint8)
        parity = encoded(Code(vector["k"], vector["m"]), data)[vector["k"] :]
        assert [row.tobytes().hex() for row in parity] == vector["parity"]


def test_any_k_of_the_shards_give_the_others():
    code = Code(4, 3)
    shards = encoded(code, data_of(4, 64))
    for have in itertools.combinations(range(7), 4):
        built = code.rebuild({index: shards[index] for index in have}, range(7))
        assert all((built[index] == shards[index]).all() for index in range(7))


def test_too_few_shards_are_refused():
    with pytest.raises(UsageError, match="3 shards give nothing back"):
        Code(4, 3).rebuild({index: np.zeros(4, np.uint8) for index in range(3)}, [5])


@pytest.mark.parametrize(("k", "m"), [(0, 1), (33, 0), (20, 13), (4, -1)])
def test_a_code_that_no_deal_can_name_is_refused(k, m):
    with pytest.raises(UsageError, match="no code has"):
        Code(k, m)


def test_a_machine_without_the_library_says_what_to_install(monkeypatch):
    monkeypatch.setattr(erasure, "find_spec", lambda name: None)
    monkeypatch.setattr(erasure, "find_library", lambda name: None)
    with pytest.raises(EnvironmentFault, match="install pyeclib"):
        erasure.library.__wrapped__()
