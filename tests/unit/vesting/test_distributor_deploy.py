"""TGEDistributor's constructor: what it refuses."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS


def test_the_terms_are_readable(distributor, token, terms):
    assert distributor.token() == token.address
    assert distributor.root() == terms["root"]
    read = {name: getattr(distributor, name)() for name in terms if name != "root"}
    assert read == {name: value for name, value in terms.items() if name != "root"}


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("root", b"\0" * 32, "no root"),
        ("owner", ZERO_ADDRESS, "no owner"),
        ("allocation", 0, "allocation out of range"),
        ("allocation", 2**128, "allocation out of range"),
        ("start", 0, "start out of range"),
        ("start", 2**64 + 1, "start out of range"),
        ("step", 0, "step out of range"),
        ("steps", 0, "steps out of range"),
    ],
)
def test_terms_out_of_range_are_refused(project, token, terms, deployer, name, value, reason):
    with ape.reverts(f"distributor: {reason}"):
        project.TGEDistributor.deploy(token, ZERO_ADDRESS, *{**terms, name: value}.values(), sender=deployer)


def test_a_sweep_that_comes_too_early_is_refused(project, token, terms, deployer):
    early = {**terms, "sweep_after": terms["sweep_after"] - 1}
    with ape.reverts("distributor: sweep too early"):
        project.TGEDistributor.deploy(token, ZERO_ADDRESS, *early.values(), sender=deployer)


def test_a_token_without_code_is_refused(project, terms, deployer, stranger):
    with ape.reverts("distributor: no token"):
        project.TGEDistributor.deploy(stranger, ZERO_ADDRESS, *terms.values(), sender=deployer)
