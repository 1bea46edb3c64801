"""The same sequences under Hypothesis: pytest owns shrinking and the database of failures.

    test_vault = sequences(Vault)

One draw is one whole sequence: Hypothesis costs about a millisecond a draw, which would be thirty calls.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from ethwire.errors import CheckFailed, InputError
from evmstorm.fuzz.counterexample import build
from evmstorm.fuzz.engine import CHUNK, STEPS, Engine
from evmstorm.fuzz.system import System

__all__ = ["database", "sequences"]


def sequences(
    system: type[System], *, examples: int = 50, steps: int = STEPS, where: ExampleDatabase | None = None
) -> Callable[[], None]:
    """A test function that runs `examples` sequences; fails with the script of the smallest counterexample. They are
    the same ones in every run, unless failures are kept `where` another run finds them.

    The size of a draw is fixed (`min_size == max_size`): without a minimum Hypothesis draws almost nothing.
    """
    engines: list[Engine] = []
    size = CHUNK * steps

    @settings(
        max_examples=examples,
        deadline=None,
        database=where,
        derandomize=where is None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(min_size=size, max_size=size))
    def test(data: bytes) -> None:
        if not engines:
            engines.append(Engine(system))
        finding = engines[0].run(data)
        if finding is not None:
            script = build(engines[0], data[: CHUNK * (finding.step + 1)], finding, 0).script()
            raise CheckFailed(f"{finding.id}\n{script}")

    test.__name__ = f"test_{system.title()}"
    test.__doc__ = system.__doc__
    return test


def database(where: str) -> ExampleDatabase:
    """The database of failures at `where`: a folder, or `redis://host:port/number` to share a campaign between
    machines. Raises InputError for anything else."""
    if where.startswith("redis://"):
        from hypothesis.extra.redis import RedisExampleDatabase  # noqa: PLC0415
        from redis import Redis  # noqa: PLC0415

        return RedisExampleDatabase(Redis.from_url(where), key_prefix=b"evmstorm:")
    if "://" in where:
        raise InputError(f"{where} is neither a folder nor redis://")
    return DirectoryBasedExampleDatabase(Path(where))
