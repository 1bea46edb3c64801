"""The court's constants as its sources have them, for the model of the court."""

from __future__ import annotations

from evmstorm.evm import artifacts
from keifu.spec.court import CourtTerms

__all__ = ["court_terms"]

_JURIES, _COURT = "staking/lib/juries.vy", "staking/AlignmentCourt.vy"
_CONSTANTS = {
    "seat": (_JURIES, "SEAT"),
    "penalty": (_JURIES, "PENALTY"),
    "odds": (_JURIES, "ODDS"),
    "quorum": (_JURIES, "QUORUM"),
    "most_seats": (_JURIES, "MAX_SEATS"),
    "appeals": (_COURT, "MAX_APPEALS"),
    "appeal_factor": (_COURT, "APPEAL_FACTOR"),
    "fee_divisor": (_COURT, "FEE_DIVISOR"),
}


def court_terms(court: str, bond: int, reveal: int, appeal: int) -> CourtTerms:
    """What a court at the address `court` goes by: its constructor's arguments (wei, seconds) and its constants."""
    constants = {field: artifacts.constant(source, name) for field, (source, name) in _CONSTANTS.items()}
    return CourtTerms(court, bond, reveal, appeal, **constants)
