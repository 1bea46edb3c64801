"""What a re-executor's settings name is refused before coins are locked for it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from keifu.cli.node_reexecutor import reexecutor
from keifu.errors import UsageError
from keifu.node.sections import AgainModel
from keifu.units import COIN

DIGEST = "ab" * 32
MADE = ["init", "again", "--model", "m", "--upstream", "http://127.0.0.1:1/v1", "--digest", "0x" + DIGEST]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--absolute", "nan"], "judges nothing"),
        (["--relative", "1"], "judges nothing"),
        (["--rule", "text", "--absolute", "0.1"], "letter by letter"),
    ],
)
def test_a_folder_is_made_for_no_rule_that_judges_nothing(options, words):
    runner = CliRunner()
    with runner.isolated_filesystem(), pytest.raises(UsageError, match=words):
        runner.invoke(reexecutor, [*MADE, *options], catch_exceptions=False)


@pytest.mark.parametrize(
    ("fee", "is_taken"), [(COIN, True), (100 * COIN, True), (COIN - 1, False), (100 * COIN + 1, False)]
)
def test_a_pool_has_a_fee_that_promises_can_name(fee, is_taken):
    """No promise leads to the pool of another fee: its stake would wait for nothing."""
    given = {"upstream": "http://127.0.0.1:1/v1", "digest": DIGEST, "fee": fee}
    if is_taken:
        assert AgainModel(**given).fee == fee
    else:
        with pytest.raises(ValidationError, match="fee"):
            AgainModel(**given)
