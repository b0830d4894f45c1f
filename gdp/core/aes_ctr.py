"""AES-256 in counter mode, by pycryptodome's compiled core.

``AES.new`` spends four fifths of its time on a small block in checking its arguments. A backup of small files makes two ciphers a
file, so here the compiled functions below it are called directly where this version of pycryptodome has them, and else the public
way is taken. A test holds both against each other.
"""

from collections.abc import Callable, Sequence
from typing import Any

from gdp.core.aes_blocks import BLOCK_BYTES, cipher_functions

KEY_BYTES = 32
Buffer = bytes | bytearray | memoryview
Part = tuple[bytes, int, int]
"""(iv, offset, size): so many bytes from there, with this initial counter"""
CounterMode = Callable[[bytes, bytes, Buffer, bytearray, int], None]
CounterModeOfMany = Callable[[bytes, Buffer, Sequence[Part], bytearray], None]
_REFUSED = "AES-256 in counter mode takes 32 bytes of key, 16 of counter, and room for the result"


def ctr_public(key: bytes, iv: bytes, data: Buffer, output: bytearray, offset: int) -> None:
    """Encrypt or decrypt, which is the same, into ``output`` from ``offset``; ``iv`` is the whole initial counter."""
    from Crypto.Cipher import AES  # only where the quick way is closed: start-up time

    target = memoryview(output)[offset : offset + len(data)]
    if data:
        AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=iv).encrypt(data, output=target)


def ctr_stream(key: bytes, iv: bytes) -> Callable[[Buffer], bytes]:
    """Return what encrypts or decrypts a long text: given one piece of any length after the other, it returns them done."""
    from Crypto.Cipher import AES  # only where it is needed: start-up time

    return AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=iv).encrypt


def ctr_many_public(key: bytes, data: Buffer, parts: Sequence[Part], output: bytearray) -> None:
    """Encrypt or decrypt parts of ``data``, one after the other into ``output``."""
    view, end = memoryview(data), 0
    for iv, offset, size in parts:
        ctr_public(key, iv, view[offset : offset + size], output, end)
        end += size


def _direct() -> tuple[CounterMode, CounterModeOfMany]:
    """Return the quick ways. Raises ImportError."""
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
            raise ValueError(_REFUSED)
        run(key, iv, view(OCTETS, data), view(OCTETS, output) + offset, size, new(RESULT))

    def ctr_many_direct(key: bytes, data: Buffer, parts: Sequence[Part], output: bytearray) -> None:
        # What costs as much as the cipher itself, the views of the buffers, is made once.
        source, target, handle = view(OCTETS, data), view(OCTETS, output), new(RESULT)
        most, room, end = len(data), len(output), 0
        for iv, offset, size in parts:
            start, end = end, end + size
            if len(key) != KEY_BYTES or len(iv) != BLOCK_BYTES or min(offset, size) < 0 or offset + size > most or end > room:
                raise ValueError(_REFUSED)
            run(key, iv, source + offset, target + start, size, handle)

    def run(key: bytes, iv: bytes, source: Any, target: Any, size: int, handle: Any) -> None:
        if start_cipher(key, KEY_BYTES, handle):
            raise ValueError("the cipher could not be set up")
        cipher = handle[0]
        if start(cipher, iv, BLOCK_BYTES, 0, BLOCK_BYTES, 0, handle):
            stop_cipher(cipher)
            raise ValueError("counter mode could not be set up")
        state = handle[0]  # owns the cipher from here on
        try:
            if encrypt(state, source, target, size):
                raise ValueError("counter mode failed")
        finally:
            stop(state)

    return ctr_direct, ctr_many_direct


ctr: CounterMode
"""(key, iv, data, output, offset): encrypt or decrypt ``data`` into ``output`` from ``offset``"""
ctr_many: CounterModeOfMany
"""(key, data, parts, output): encrypt or decrypt parts of ``data``, one after the other into ``output``"""
try:
    ctr, ctr_many = _direct()
except ImportError:
    ctr, ctr_many = ctr_public, ctr_many_public
