"""Both models of digits, trained and quantised once, and the digits that they have not seen."""

from __future__ import annotations

import numpy as np
import pytest

from examples.digits.training import Settings
from examples.digits.weights import held_out, make_weights
from keifu.inference import Model

SETTINGS = {"mlp": Settings(), "cnn": Settings(network="cnn", epochs=15, learning_rate=0.005)}


@pytest.fixture(scope="session", params=sorted(SETTINGS))
def folder(request, tmp_path_factory):
    place = tmp_path_factory.mktemp(request.param)
    make_weights(place, SETTINGS[request.param])
    return place


@pytest.fixture(scope="session")
def model(folder):
    return Model.load(folder)


@pytest.fixture(scope="session")
def digits():
    images, targets = held_out(Settings())
    return images.astype(np.int16), targets
