"""What is sealed to a public key: openable by its private key alone, by any program that knows HPKE."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.errors import BadInput, DamagedData
from gdp.core.sealed_box import PrivateKey, make_private_key, read_private_key, read_public_key

KEY = make_private_key()


def reread(key: PrivateKey) -> PrivateKey:
    return read_private_key(key.pem.encode())


@given(plain=st.binary(max_size=500), beside=st.binary(max_size=100))
@settings(max_examples=30, deadline=None)
def test_what_was_sealed_comes_out(plain: bytes, beside: bytes) -> None:
    """By keys that went through their files; and each time it looks different."""
    public = read_public_key(KEY.public.pem.encode())
    sealed = public.seal(plain, beside)

    assert reread(KEY).open(sealed, beside) == plain
    assert public.seal(plain, beside) != sealed


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_change_is_noticed(data: st.DataObject) -> None:
    """Any bit of it, its length, what stands beside it, and another key."""
    sealed = KEY.public.seal(b"secret", b"beside")
    place, bit = data.draw(st.integers(0, len(sealed) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(sealed)
    changed[place] ^= 1 << bit
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    for wrong, beside, key in (
        (bytes(changed), b"beside", KEY),
        (cut, b"beside", KEY),
        (sealed + b"x", b"beside", KEY),
        (sealed, b"besides", KEY),
        (sealed, b"beside", make_private_key()),
    ):
        # The highest bit of an X25519 key does not count, but it is part of what the key is derived from.
        with pytest.raises(DamagedData):
            key.open(wrong, beside)


def test_another_program_opens_it_and_seals_for_us() -> None:
    """RFC 9180 as somebody else has written it, with the suite and the purpose that docs/recovery.md names."""
    hpke = pytest.importorskip("cryptography.hazmat.primitives.hpke")
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    info = b"GlobalDataProtect recovery escrow 1\nbeside"
    theirs = load_pem_private_key(KEY.pem.encode(), None)
    public = load_pem_public_key(KEY.public.pem.encode())

    assert suite.decrypt(KEY.public.seal(b"ours", b"beside"), theirs, info=info) == b"ours"
    assert KEY.open(suite.encrypt(b"theirs", public, info=info), b"beside") == b"theirs"


@pytest.mark.parametrize("pem", [b"", b"\0" * 40, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    for read in (read_public_key, read_private_key):
        with pytest.raises(BadInput, match="PEM"):
            read(pem)


def test_a_fingerprint_tells_keys_apart() -> None:
    """And is that of the public half, whoever asks."""
    assert KEY.public.fingerprint == read_public_key(KEY.public.pem.encode()).fingerprint
    assert KEY.public.fingerprint != make_private_key().public.fingerprint
    assert len(KEY.public.fingerprint) == len("SHA256:") + 43
