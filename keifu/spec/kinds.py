"""The words of the registry: kinds of records, their relations and states, and how long texts may be.

Imports nothing heavy, so that a command line can be checked with it.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "MAX_ENVIRONMENT_BYTES",
    "MAX_LINKS",
    "MAX_NAME_BYTES",
    "MAX_URI_BYTES",
    "RUNNABLE",
    "Kind",
    "Relation",
    "Status",
]

MAX_LINKS = 16
MAX_URI_BYTES = 128
MAX_NAME_BYTES = 32  # licence and version
MAX_ENVIRONMENT_BYTES = 64  # name of an environment


class Kind(IntEnum):
    """What a record is about."""

    DATASET = 1
    LABEL_SET = 2
    CODE = 3
    WEIGHTS = 4
    MODEL = 5
    RUN = 6
    EVALUATION = 7
    CONTAINER = 8
    AGENT = 9
    RECEIPT_BATCH = 10

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", "-")


RUNNABLE = frozenset({Kind.CODE, Kind.WEIGHTS, Kind.MODEL, Kind.CONTAINER, Kind.AGENT})  # what an environment promotes


class Relation(IntEnum):
    """How a record stands to its parent."""

    DERIVED_FROM = 1
    TRAINED_ON = 2
    LABELLED_BY = 3
    FINE_TUNED_FROM = 4
    QUANTISED_FROM = 5
    EVALUATED_ON = 6
    SUPERSEDES = 7

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", "-")


class Status(IntEnum):
    """State of a record; it only ever grows."""

    UNKNOWN = 0
    ACTIVE = 1
    DEPRECATED = 2
    REVOKED = 3

    @property
    def word(self) -> str:
        return self.name.lower()
