"""scrypt by pycryptodome, its independent parts in threads. Two ways, as in ``aes_ctr``; judges no parameters.

Source: Percival, Josefsson, "The scrypt Password-Based Key Derivation Function", RFC 7914.
"""

import hashlib
import threading
from typing import Any


def scrypt(password: bytes, salt: bytes, key_bytes: int, *, N: int, r: int, p: int, threads: int) -> bytes:
    """Return ``key_bytes`` of key. Each of the ``threads`` needs ``128 * N * r`` bytes of memory. Raises MemoryError."""
    if _mix is None:
        return scrypt_public(password, salt, key_bytes, N=N, r=r, p=p, threads=threads)
    expanded = hashlib.pbkdf2_hmac("sha256", password, salt, 1, p * 128 * r)
    mixed = _mix_in_threads(expanded, N, p, min(threads, p))
    return hashlib.pbkdf2_hmac("sha256", password, mixed, 1, key_bytes)


def scrypt_public(password: bytes, salt: bytes, key_bytes: int, *, N: int, r: int, p: int, threads: int) -> bytes:
    """Return what ``scrypt`` returns, by the library's public way."""
    from Crypto.Protocol.KDF import scrypt as derive  # only where the quick way is closed: start-up time

    key = derive(password, salt, key_bytes, N, r, p, threads=threads)
    assert isinstance(key, bytes)
    return key


def _mix_in_threads(expanded: bytes, N: int, p: int, threads: int) -> bytearray:
    """Mix the ``p`` parts of ``expanded``, each in itself."""
    from gdp.core.compiled import OCTETS, view

    mixed = bytearray(len(expanded))
    results: list[Any] = []

    def mix(first: int, end: int) -> None:
        results.append(_mix(view(OCTETS, expanded), view(OCTETS, mixed), len(mixed) // p, N, first, end - first, len(mixed)))

    spans = [(p * number // threads, p * (number + 1) // threads) for number in range(threads)]
    running = [threading.Thread(target=mix, args=span, daemon=True) for span in spans[1:]]
    for thread in running:
        thread.start()
    try:
        mix(*spans[0])
    finally:
        for thread in running:
            thread.join()
    if len(results) != threads or any(results):
        raise MemoryError("scrypt ended early")
    return mixed


def _load() -> Any:
    """Return the compiled function, or None where it is not to be had."""
    try:
        from gdp.core.compiled import POINTER, SIZE, UNSIGNED, load

        return load("Protocol/_scrypt", ("scryptROMix", (POINTER, POINTER, SIZE, UNSIGNED, SIZE, SIZE, SIZE)))[0]
    except ImportError:
        return None


_mix = _load()
