"""Encrypted key files: Web3 Secret Storage version 3, as ape, geth and wallets write them.

A key is never kept in clear. The password comes from a file or the environment, never from a flag, which a process list
would show. https://ethereum.org/en/developers/docs/data-structures-and-encoding/web3-secret-storage/
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
import uuid
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ethwire.keys import Account, keccak256
from keifu._files import read_bounded
from keifu.errors import InputError, UsageError
from keifu.keys.private_file import write_private
from keifu.units import is_address

__all__ = [
    "PASSWORD_FILE_VARIABLE",
    "PASSWORD_VARIABLE",
    "address_in",
    "load_account",
    "password",
    "read_password",
    "save_account",
]

PASSWORD_VARIABLE = "KEIFU_PASSWORD"  # noqa: S105 - the name of a variable
PASSWORD_FILE_VARIABLE = "KEIFU_PASSWORD_FILE"  # noqa: S105
VERSION = 3
LARGEST = 1 << 16  # bytes of a key file or a password
DERIVED_BYTES = 32
HALF = DERIVED_BYTES // 2
# scrypt as geth's standard: 256 MiB and about a second.
SCRYPT = {"n": 1 << 18, "r": 8, "p": 1}
MAX_SCRYPT_BYTES = 1 << 30  # a file must not make us take more memory


def password() -> bytes:
    """From the file that KEIFU_PASSWORD_FILE names, else from KEIFU_PASSWORD. Raises UsageError without either."""
    if path := os.environ.get(PASSWORD_FILE_VARIABLE):
        return read_password(Path(path))
    if (text := os.environ.get(PASSWORD_VARIABLE)) is not None:
        return text.encode()
    raise UsageError(
        "no password for the key file", remedy=f"set {PASSWORD_FILE_VARIABLE} to a file, or {PASSWORD_VARIABLE}"
    )


def read_password(path: Path) -> bytes:
    """The password in a file, without the end of its line. Raises UsageError."""
    try:
        return read_bounded(path, LARGEST, "a password").rstrip(b"\r\n")
    except InputError as error:
        raise UsageError(f"cannot read the password file {path}") from error


def save_account(account: Account, path: Path, secret: bytes, *, scrypt: dict[str, int] | None = None) -> None:
    """Write an encrypted key file that only its owner can read. Raises InputError when the file is there already."""
    costs = scrypt or SCRYPT
    salt, iv = secrets.token_bytes(DERIVED_BYTES), secrets.token_bytes(HALF)
    derived = _scrypt(secret, salt, costs["n"], costs["r"], costs["p"])
    cipher_text = _aes_ctr(derived[:HALF], iv, account.secret())
    document = {
        "version": VERSION,
        "id": str(uuid.uuid4()),
        "address": account.address[2:],
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": iv.hex()},
            "ciphertext": cipher_text.hex(),
            "kdf": "scrypt",
            "kdfparams": {**costs, "dklen": DERIVED_BYTES, "salt": salt.hex()},
            "mac": keccak256(derived[HALF:] + cipher_text).hex(),
        },
    }
    write_private(path, json.dumps(document).encode(), remedy="a key file is never overwritten; choose another")


def address_in(path: Path) -> str:
    """The address that a key file names, which only opening it proves; "" when it names none. Raises InputError when
    others may read it, or it is malformed."""
    document = _document(path)
    named = str(document.get("address", "")).lower().removeprefix("0x") if isinstance(document, dict) else ""
    return f"0x{named}" if is_address(f"0x{named}") else ""


def load_account(path: Path, secret: bytes) -> Account:
    """The account in a key file. Raises InputError when others may read it, it is malformed, or the password wrong."""
    document = _document(path)
    try:
        crypto = document["crypto"]
        derived = _derive(crypto, secret)
        cipher_text = bytes.fromhex(crypto["ciphertext"])
        known = hmac.compare_digest(keccak256(derived[HALF:DERIVED_BYTES] + cipher_text), bytes.fromhex(crypto["mac"]))
        iv = bytes.fromhex(crypto["cipherparams"]["iv"]).rjust(HALF, b"\0")  # eth-account writes it as a number
        if document["version"] != VERSION or crypto["cipher"] != "aes-128-ctr":
            raise InputError(f"{path} is encrypted in another way than version 3 with aes-128-ctr")
        if len(iv) > HALF:
            raise ValueError(f"an iv of {len(iv)} bytes")
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is a malformed key file: {error}") from error
    if not known:
        raise InputError(
            f"the password does not open {path}",
            remedy=f"correct {PASSWORD_FILE_VARIABLE} or {PASSWORD_VARIABLE}",
        )
    return Account(_aes_ctr(derived[:HALF], iv, cipher_text), path.stem)


def _document(path: Path) -> Any:
    try:
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            raise InputError(f"others may read {path}", remedy=f"chmod 600 {path}")
        return json.loads(read_bounded(path, LARGEST, "a key file"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(
            f"{path} is no encrypted key file", remedy="Web3 Secret Storage (JSON), as `ape accounts generate` writes"
        ) from error


def _derive(crypto: dict[str, Any], secret: bytes) -> bytes:
    params = crypto["kdfparams"]
    salt, length = bytes.fromhex(params["salt"]), int(params["dklen"])
    if length != DERIVED_BYTES:
        raise ValueError(f"derived key of {length} bytes")
    if crypto["kdf"] == "scrypt":
        return _scrypt(secret, salt, int(params["n"]), int(params["r"]), int(params["p"]))
    if crypto["kdf"] == "pbkdf2" and params["prf"] == "hmac-sha256":
        return hashlib.pbkdf2_hmac("sha256", secret, salt, int(params["c"]), DERIVED_BYTES)
    raise ValueError(f"key derivation {crypto['kdf']}")


def _scrypt(secret: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    if 128 * n * r > MAX_SCRYPT_BYTES:
        raise ValueError("key derivation takes too much memory")
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=MAX_SCRYPT_BYTES + (1 << 20), dklen=DERIVED_BYTES)


def _aes_ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()
