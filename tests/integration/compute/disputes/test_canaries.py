"""A watcher buys canaries of two providers, in processes of their own: the one that fakes a token is convicted."""

from __future__ import annotations

from tests.integration.compute.disputes.watching import convicted_by_canaries


def test_a_faked_token_is_found_by_a_canary_and_convicted(paid, sell, watch):
    honest, faker = sell("honest seller"), sell("lying seller", "tests.faking_node")
    convicted_by_canaries(paid, watch, honest, faker)
