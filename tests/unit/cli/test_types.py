"""Values on the command line, by their shape."""

import click
import pytest

from keifu.cli._types import COINS
from keifu.units import COIN


@pytest.mark.parametrize(
    ("text", "wei"),
    [
        ("1143", 1_143 * COIN),
        ("0.5", COIN // 2),
        ("2,000", 2_000 * COIN),
        ("1,143,000.25", 1_143_000 * COIN + COIN // 4),
    ],
)
def test_amounts_are_read_as_commands_print_them(text, wei):
    assert COINS.convert(text, None, None) == wei


@pytest.mark.parametrize("text", ["1,5", "1,00", "12,34,567", ",5", "2,0000", "1.143,00", "1 000", "1_000"])
def test_a_comma_is_no_decimal_point(text):
    with pytest.raises(click.BadParameter):
        COINS.convert(text, None, None)
