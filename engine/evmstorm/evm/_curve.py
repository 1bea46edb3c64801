"""libsecp256k1 as coincurve's wheel brings it: the native machine recovers signers by it, without a detour through
Python."""

from __future__ import annotations

from functools import cache
from typing import Any

from cffi import FFI

__all__ = ["secp256k1"]

DECLARED = """
extern void *secp256k1_context_static;
int secp256k1_ecdsa_recoverable_signature_parse_compact(void *, void *, void *, int);
int secp256k1_ecdsa_recover(void *, void *, void *, void *);
int secp256k1_ec_pubkey_serialize(void *, void *, size_t *, void *, unsigned);
"""
FUNCTIONS = {
    "parse": "secp256k1_ecdsa_recoverable_signature_parse_compact",
    "recover": "secp256k1_ecdsa_recover",
    "serialize": "secp256k1_ec_pubkey_serialize",
}


@cache
def _loaded() -> dict[str, int] | None:
    """Addresses of the functions and of the context they take; None when the wheel keeps them to itself."""
    from coincurve import _libsecp256k1  # noqa: PLC0415 - the extension module is the library

    interface = FFI()
    interface.cdef(DECLARED)
    try:
        library = interface.dlopen(_libsecp256k1.__file__)
        found = {field: interface.addressof(library, name) for field, name in FUNCTIONS.items()}
        found["context"] = library.secp256k1_context_static
    except (OSError, AttributeError):
        return None
    _KEPT.append(library)
    return {field: int(interface.cast("uintptr_t", place)) for field, place in found.items()}


_KEPT: list[Any] = []  # a library that nobody holds is unloaded


def secp256k1(ffi: FFI) -> Any:
    """The structure of api.h, filled; NULL without a library, and the machine asks Python."""
    places = _loaded()
    if places is None:
        return ffi.NULL
    made = ffi.new("Secp256k1 *")
    for name, field in ffi.typeof("Secp256k1").fields:
        setattr(made, name, ffi.cast(field.type, places[name]))
    return made
