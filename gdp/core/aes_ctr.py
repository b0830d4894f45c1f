"""AES-256 in counter mode, by pycryptodome's compiled core.

``AES.new`` spends four fifths of its time on a small block in checking its arguments. A backup of small files makes two ciphers a
file, so here the compiled functions below it are called directly where this version of pycryptodome has them, and else the public
way is taken. A test holds both against each other.
"""

from collections.abc import Callable
from typing import Any

from gdp.core.aes_blocks import BLOCK_BYTES, cipher_functions

KEY_BYTES = 32
Buffer = bytes | bytearray | memoryview
CounterMode = Callable[[bytes, bytes, Buffer, bytearray, int], None]


def ctr_public(key: bytes, iv: bytes, data: Buffer, output: bytearray, offset: int) -> None:
    """Encrypt or decrypt, which is the same, into ``output`` from ``offset``; ``iv`` is the whole initial counter."""
    from Crypto.Cipher import AES  # only where the quick way is closed: start-up time

    target = memoryview(output)[offset : offset + len(data)]
    if data:
        AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=iv).encrypt(data, output=target)


def _direct() -> CounterMode:
    """Return the quick way. Raises ImportError."""
    from gdp.core.compiled import OCTETS, POINTER, RESULT, SIZE, UNSIGNED, VOID, load, new, view

    start_cipher, stop_cipher = cipher_functions()
    start, encrypt, stop = load(
        "Cipher/_raw_ctr",
        ("CTR_start_operation", (VOID, POINTER, SIZE, SIZE, UNSIGNED, UNSIGNED, RESULT)),
        ("CTR_encrypt", (VOID, POINTER, POINTER, SIZE)),
        ("CTR_stop_operation", (VOID,)),
    )

    def ctr_direct(key: bytes, iv: bytes, data: Buffer, output: bytearray, offset: int) -> None:
        size = len(data)
        if len(key) != KEY_BYTES or len(iv) != BLOCK_BYTES or offset < 0 or offset + size > len(output):
            raise ValueError("AES-256 in counter mode takes 32 bytes of key, 16 of counter, and room for the result")
        handle: Any = new(RESULT)
        if start_cipher(key, KEY_BYTES, handle):
            raise ValueError("the cipher could not be set up")
        cipher = handle[0]
        if start(cipher, iv, BLOCK_BYTES, 0, BLOCK_BYTES, 0, handle):
            stop_cipher(cipher)
            raise ValueError("counter mode could not be set up")
        state = handle[0]  # owns the cipher from here on
        try:
            if encrypt(state, view(OCTETS, data), view(OCTETS, output) + offset, size):
                raise ValueError("counter mode failed")
        finally:
            stop(state)

    return ctr_direct


ctr: CounterMode
"""(key, iv, data, output, offset): encrypt or decrypt ``data`` into ``output`` from ``offset``"""
try:
    ctr = _direct()
except ImportError:
    ctr = ctr_public
