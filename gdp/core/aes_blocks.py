"""Single blocks under AES-128, by pycryptodome. Two ways, as in ``aes_ctr``."""

from collections.abc import Callable
from typing import Any

BLOCK_BYTES = 16
Encrypt = Callable[[bytes], bytes]


class BlockCipher:
    """Encrypts whole blocks, each by itself. Safe to share between threads."""

    __slots__ = ("encrypt",)

    def __init__(self, key: bytes) -> None:
        """Take 16 bytes of key."""
        self.encrypt: Encrypt = _encryption(key)
        """any number of blocks at once; raises ValueError for a part of one"""


def cipher_functions() -> list[Any]:
    """Return what begins and what ends an AES cipher on this processor. Raises ImportError."""
    from gdp.core.compiled import POINTER, RESULT, SIZE, VOID, load

    have_instructions, have_armv8 = load("Util/_cpuid_c", ("have_aes_ni", ()), ("have_aes_armv8", ()))
    library, prefix = "_raw_aes", "AES"
    if have_instructions():
        library, prefix = "_raw_aesni", "AESNI"
    elif have_armv8():
        library, prefix = "_raw_aes_armv8", "AES_ARMV8"
    start = f"{prefix}_start_operation", (POINTER, SIZE, RESULT)
    return load(f"Cipher/{library}", start, (f"{prefix}_stop_operation", (VOID,)))


def public_encryption(key: bytes) -> Encrypt:
    """Return what encrypts blocks with ``key``."""
    from Crypto.Cipher import AES  # only where the quick way is closed: start-up time

    cipher: Any = AES.new(key, AES.MODE_ECB)
    encrypt: Encrypt = cipher.encrypt
    return encrypt


def _direct() -> Callable[[bytes], Encrypt]:
    """Return the quick way. Raises ImportError."""
    from gdp.core.compiled import OCTETS, POINTER, RESULT, SIZE, VOID, load, new, released_with, view

    start_cipher, stop_cipher = cipher_functions()
    start, encrypt, stop = load(
        "Cipher/_raw_ecb",
        ("ECB_start_operation", (VOID, RESULT)),
        ("ECB_encrypt", (VOID, POINTER, POINTER, SIZE)),
        ("ECB_stop_operation", (VOID,)),
    )

    def direct_encryption(key: bytes) -> Encrypt:
        handle: Any = new(RESULT)
        if len(key) != BLOCK_BYTES or start_cipher(key, len(key), handle):
            raise ValueError("AES-128 takes 16 bytes of key")
        cipher = handle[0]
        if start(cipher, handle):
            stop_cipher(cipher)
            raise ValueError("the block cipher could not be set up")
        state = released_with(handle[0], stop)  # owns the cipher from here on

        def encrypt_blocks(blocks: bytes) -> bytes:
            output = bytearray(len(blocks))
            if encrypt(state, blocks, view(OCTETS, output), len(blocks)):
                raise ValueError("only whole blocks can be encrypted")
            return bytes(output)

        return encrypt_blocks

    return direct_encryption


try:
    _encryption = _direct()
except ImportError:
    _encryption = public_encryption
