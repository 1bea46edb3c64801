"""The verifiers of lanes in this process, and traces of the tiny model, honest or with single lanes changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.tiny_model import FORMATS, Sizes, tiny
from evmstorm.evm import LocalEvm
from keifu.spec.inference_calls import verifier_of
from keifu.spec.inference_model import run
from keifu.spec.inference_openings import Openings, Published

POSITION = 5
LAYER, LAST = 1, 3
SIZES = Sizes(positions=40)


@pytest.fixture(scope="session")
def verdict():
    """What the contract says of a call: True for proof of a wrong lane."""
    evm = LocalEvm()
    deployer = evm.account("deployer")
    names = ("InferenceVerifier", "AttentionVerifier", "PictureVerifier", "EncoderVerifier")
    contracts = {name: evm.deploy(name, sender=deployer) for name in names}

    def ask(call):
        return getattr(contracts[verifier_of(call)], call.function)(*call.arguments)

    return ask


@pytest.fixture(scope="session", params=sorted(FORMATS))
def world(request):
    """A program and an honest trace of it."""
    program = tiny(request.param, SIZES)
    return Published.of(program), run(program, [3, 1, 4, 1, 5, 9])


@pytest.fixture
def opened(world):
    """Openings of a group at the last position; with `changed`, of a record in which single lanes are others."""
    published, honest = world

    def openings(group, changed=None):
        trace = honest
        if changed:
            record = [list(tensor) for tensor in honest.records[POSITION][group]]
            for slot, lane, value in changed:
                record[slot][lane] = value
            last = [record if place == group else item for place, item in enumerate(honest.records[POSITION])]
            trace = replace(honest, records=[*honest.records[:POSITION], last])
        return Openings(published, trace, POSITION, group)

    return openings
