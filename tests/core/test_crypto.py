"""The envelope: whoever changes one bit is found out, and restic opens what we seal."""

import hashlib
import importlib.util
import os
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

import pytest
from Crypto.Cipher import AES
from Crypto.Hash import Poly1305 as TheirPoly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.aes_blocks import BlockCipher, public_encryption
from gdp.core.aes_ctr import ctr, ctr_many, ctr_many_public, ctr_public
from gdp.core.crypto import KEY_BYTES, OVERHEAD_BYTES, MasterKey
from gdp.core.crypto_batch import BatchOpener
from gdp.core.errors import DamagedData, HostileData
from gdp.core.kdf import DEFAULT_COST, ScryptCost, derive_key
from gdp.core.scrypt import scrypt, scrypt_public

RAW = hashlib.sha512(b"a key for tests").digest()
KEY = MasterKey(RAW)

# Bernstein, "The Poly1305-AES message-authentication code", appendix B: k, r, n, message, tag.
POLY1305_AES = [
    (
        "ec074c835580741701425b623235add6",
        "851fc40c3467ac0be05cc20404f3f700",
        "fb447350c4e868c52ac3275cf9d4327e",
        "f3f6",
        "f4c633c3044fc145f84f335cb81953de",
    ),
    (
        "75deaa25c09f208e1dc4ce6b5cad3fbf",
        "a0f3080000f46400d0c7e9076c834403",
        "61ee09218d29b0aaed7e154a2c5509cc",
        "",
        "dd3fab2251f11ac759f0887129cc2ee7",
    ),
    (
        "6acb5f61a7176dd320c5c1eb2edcdc74",
        "48443d0bb0d21109c89a100b5ce2c208",
        "ae212a55399729595dea458bc621ff0e",
        "663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136",
        "0ee1c16bb73f0f4fd19881753c01cdbe",
    ),
    (
        "e1a5668a4d5b66a5f68cc5424ed5982d",
        "12976a08c4426d0ce8a82407c4f48207",
        "9ae831e743978d3a23527c7128149e3a",
        "ab0812724a7f1e342742cbed374d94d136c6b8795d45b3819830f2c04491faf0990c62e48b8018b2c3e4a0fa3134cb67fa83e158c994d961c4cb21095c1bf9",
        "5154ad0d2cb26e01274fc51148491f1b",
    ),
]


@pytest.mark.parametrize(("k", "r", "n", "message", "tag"), POLY1305_AES)
def test_the_mac_is_poly1305_aes(k: str, r: str, n: str, message: str, tag: str) -> None:
    """The published examples; with anything else no restic would open our blobs."""
    key = MasterKey(b"\1" * 32 + bytes.fromhex(k) + bytes.fromhex(r))
    envelope = bytes.fromhex(n + message + tag)

    assert len(key.open(envelope)) == len(message) // 2
    with pytest.raises(DamagedData):
        key.open(envelope[:-1] + bytes((envelope[-1] ^ 1,)))


@settings(deadline=None)
@given(st.binary(max_size=3000))
def test_the_mac_is_what_the_other_library_computes(plaintext: bytes) -> None:
    """One library makes the MAC for speed, the other is this project's cryptography: they must agree."""
    sealed = bytes(KEY.seal(plaintext))
    iv, ciphertext, tag = sealed[:16], sealed[16:-16], sealed[-16:]
    mac = TheirPoly1305.new(key=RAW[32:48] + RAW[48:], cipher=AES, nonce=iv, data=ciphertext)

    assert mac.digest() == tag
    assert AES.new(RAW[:32], AES.MODE_CTR, nonce=b"", initial_value=iv).decrypt(ciphertext) == plaintext


def test_the_cipher_is_aes_256_in_counter_mode() -> None:
    """NIST SP 800-38A, F.5.5."""
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    iv = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    output = bytearray(len(plain))
    ctr(key, iv, plain, output, 0)

    assert output.hex() == "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=16), st.binary(max_size=700), st.integers(0, 40))
def test_the_quick_way_into_the_cipher_gives_what_the_public_one_gives(iv: bytes, data: bytes, offset: int) -> None:
    """It uses private parts of the library; also where the counter runs over its end."""
    for counter in (iv, b"\xff" * 16, b"\xff" * 15 + b"\xfe", iv[:8] + b"\xff" * 8):
        quick, public = bytearray(len(data) + offset), bytearray(len(data) + offset)
        ctr(RAW[:32], counter, data, quick, offset)
        ctr_public(RAW[:32], counter, data, public, offset)
        assert quick == public


@pytest.mark.parametrize(("data", "offset"), [(b"x" * 10, 1), (b"x" * 11, 0), (b"x", -1)])
def test_the_quick_way_never_writes_beyond_its_buffer(data: bytes, offset: int) -> None:
    """It hands pointers to C."""
    with pytest.raises(ValueError, match="takes 32 bytes"):
        ctr(RAW[:32], bytes(16), data, bytearray(10), offset)


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=16), st.integers(0, 9), st.binary(max_size=9))
def test_blocks_are_encrypted_as_the_public_way_does_it(key: bytes, count: int, seed: bytes) -> None:
    """The one-time keys of all MACs come from here."""
    blocks = hashlib.shake_128(seed).digest(16 * count)

    assert BlockCipher(key).encrypt(blocks) == public_encryption(key)(blocks)


@pytest.mark.parametrize(("key", "blocks"), [(b"", b""), (bytes(15), bytes(16)), (bytes(32), bytes(16)), (bytes(16), bytes(17))])
def test_the_block_cipher_takes_nothing_of_the_wrong_size(key: bytes, blocks: bytes) -> None:
    """It hands pointers to C."""
    with pytest.raises(ValueError, match=r"AES-128 takes|only whole blocks"):
        BlockCipher(key).encrypt(blocks)


@pytest.mark.parametrize(("r", "p", "threads"), [(1, 1, 1), (8, 1, 2), (2, 2, 2), (8, 5, 2), (3, 7, 3)])
def test_scrypt_is_what_the_public_way_derives(r: int, p: int, threads: int) -> None:
    """Every part must be mixed once, however many threads share them."""
    cost = {"N": 16, "r": r, "p": p}
    key = scrypt(b"password", b"NaCl", 64, threads=threads, **cost)

    assert key == scrypt_public(b"password", b"NaCl", 64, threads=1, **cost)
    assert key == hashlib.scrypt(b"password", salt=b"NaCl", n=16, r=r, p=p, dklen=64)


def test_the_quick_ways_are_open_with_the_library_that_is_installed() -> None:
    """Else every run would be slower, and nobody would know why: read its C declarations, then add the version to VERIFIED."""
    assert ctr is not ctr_public
    assert BlockCipher(bytes(16)).encrypt.__name__ == "encrypt_blocks"
    assert importlib.import_module("gdp.core.scrypt")._mix is not None


def test_another_version_of_the_library_is_used_the_public_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A declaration that does not fit would damage memory."""
    monkeypatch.setattr("Crypto.version_info", (4, 99, "0"))
    spec = importlib.util.find_spec("gdp.core.compiled")
    assert spec is not None
    assert spec.loader is not None

    with pytest.raises(ImportError, match="other arguments"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


@settings(deadline=None)
@given(st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_many_parts_at_once_are_what_they_are_one_by_one(parts: list[tuple[bytes, int, int]]) -> None:
    """Each has its own counter and its own place, and all share one result."""
    data, total = RAW * 2, sum(size for _, _, size in parts)
    quick, public = bytearray(total), bytearray(total)
    ctr_many(RAW[:32], data, parts, quick)
    ctr_many_public(RAW[:32], data, parts, public)
    expected = [
        AES.new(RAW[:32], AES.MODE_CTR, nonce=b"", initial_value=iv).decrypt(data[at : at + size]) for iv, at, size in parts
    ]

    assert quick == public == b"".join(expected)


BAD_PARTS = {
    "beyond the data": (bytes(16), 120, 9),
    "before the data": (bytes(16), -1, 5),
    "no size": (bytes(16), 5, -1),
    "beyond the result": (bytes(16), 0, 11),
    "short counter": (bytes(15), 0, 5),
}


@pytest.mark.parametrize("part", BAD_PARTS.values(), ids=BAD_PARTS)
def test_many_parts_never_reach_beyond_their_buffers(part: tuple[bytes, int, int]) -> None:
    """Offsets and sizes come from a pack that somebody else may have written."""
    with pytest.raises(ValueError, match="takes 32 bytes"):
        ctr_many(RAW[:32], RAW * 2, [part], bytearray(10))


@settings(deadline=None)
@given(st.binary(max_size=200), st.data())
def test_any_changed_bit_is_found(plaintext: bytes, data: Any) -> None:
    """IV, ciphertext or MAC: all the same."""
    sealed = bytearray(KEY.seal(plaintext))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(DamagedData):
        KEY.open(sealed)


@pytest.mark.parametrize("envelope", [b"", b"x" * 31, bytes(32), bytes(100)])
def test_what_is_too_short_or_has_no_iv_is_refused(envelope: bytes) -> None:
    """An IV of zeros is what a lazy or broken writer makes."""
    with pytest.raises(DamagedData):
        KEY.open(envelope)


def test_every_envelope_has_its_own_iv() -> None:
    """Two equal IVs give away the XOR of two files."""
    ivs = {bytes(KEY.seal(b"same")[:16]) for _ in range(1000)}

    assert len(ivs) == 1000
    assert len(KEY.seal(b"same")) == 4 + OVERHEAD_BYTES


@pytest.mark.parametrize(
    "raw", [b"", RAW[:-1], RAW + b"x", bytes(32) + RAW[32:], RAW[:32] + bytes(16) + RAW[48:], RAW[:48] + bytes(16)]
)
def test_a_key_with_a_part_of_zeros_is_refused(raw: bytes) -> None:
    """A key file that was zeroed must not open anything."""
    with pytest.raises(DamagedData):
        MasterKey(raw)


def test_the_key_survives_its_json_and_never_shows_itself() -> None:
    """Logs and tracebacks are read by others."""
    assert MasterKey.from_json(KEY.to_json()).raw() == RAW
    assert list(__import__("json").loads(KEY.to_json())) == ["mac", "encrypt"]
    assert RAW.hex() not in repr(KEY)
    assert repr(KEY) == "MasterKey(secret)"


@pytest.mark.parametrize(
    "text", [b"", b"{}", b'{"mac":{"k":"!","r":""},"encrypt":""}', b'{"mac":{"k":"AA==","r":"AA=="},"encrypt":"AA=="}']
)
def test_an_unreadable_key_is_refused(text: bytes) -> None:
    """The right password around the wrong contents."""
    with pytest.raises(DamagedData):
        MasterKey.from_json(text)


@settings(deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=300), st.sampled_from(["good", "changed", "short", "zero iv"])), max_size=20))
def test_many_opened_at_once_are_what_they_are_one_by_one(cases: list[tuple[bytes, str]]) -> None:
    """One bad envelope must neither hide nor spoil its neighbours."""
    envelopes = []
    for plaintext, state in cases:
        sealed = bytearray(KEY.seal(plaintext))
        if state == "changed":
            sealed[-1] ^= 1
        envelopes.append(
            memoryview({"short": bytes(sealed[:31]), "zero iv": bytes(16) + bytes(sealed[16:])}.get(state, bytes(sealed)))
        )
    opened = BatchOpener(KEY).open(envelopes)

    for (plaintext, state), found in zip(cases, opened, strict=True):
        assert (None if found is None else bytes(found)) == (plaintext if state == "good" else None)


# --- from a password to a key ------------------------------------------------------------------------------------------

SALT = b"NaCl" + bytes(60)


def test_the_derivation_is_scrypt() -> None:
    """RFC 7914, section 12, checked against the standard library for our salt's length."""
    cost = ScryptCost(N=1024, r=8, p=16)

    assert derive_key(b"password", SALT, cost).raw() == hashlib.scrypt(b"password", salt=SALT, n=1024, r=8, p=16, dklen=KEY_BYTES)


@pytest.mark.parametrize(
    ("N", "r", "p"),
    [
        (0, 8, 1),
        (1, 8, 1),
        (1000, 8, 1),
        (-2, 8, 1),
        (1 << 40, 8, 1),
        (32768, 1 << 20, 1),
        (32768, 8, 1 << 20),
        (2, 0, 1),
        (2, 1, 0),
        (2, -1, -1),
    ],
)
def test_parameters_that_would_eat_the_machine_are_refused_untried(N: int, r: int, p: int) -> None:
    """Whoever can write a key file could stop every client with it."""
    with pytest.raises(HostileData):
        derive_key(b"password", SALT, ScryptCost(N=N, r=r, p=p))


def test_a_salt_of_another_length_is_refused() -> None:
    """Short salts are tables for all repositories at once."""
    with pytest.raises(HostileData):
        derive_key(b"password", os.urandom(63), ScryptCost(2, 1, 1))

    assert DEFAULT_COST.N >= 32768


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=12), st.sampled_from([None, 0, (1 << 128) - 5, (1 << 128) - 1]))
def test_what_is_sealed_together_opens_one_by_one(plaintexts: list[bytes], first: int | None) -> None:
    """Each is an envelope like any other, also where the counter begins anew, and no block of the key stream serves twice."""
    with pytest.MonkeyPatch.context() as patch:
        if first is not None:
            patch.setattr("gdp.core.crypto.os.urandom", first.to_bytes)
        envelopes = KEY.seal_many(plaintexts)
    counters = []
    for plaintext, envelope in zip(plaintexts, envelopes, strict=True):
        iv = bytes(envelope[:16])
        opened = KEY.open(envelope) if any(iv) else KEY.reopen(envelope)
        assert opened == plaintext
        blocks = max(1, -(-len(plaintext) // 16))
        counters += [(int.from_bytes(iv) + block) % (1 << 128) for block in range(blocks)]

    assert len(set(counters)) == len(counters)
    assert [bytes(opened) for opened in KEY.reopen_many(envelopes)] == plaintexts


LONG = os.urandom(700_000)


@pytest.mark.parametrize("first", [None, 1, (1 << 128) - 5, (1 << 128) - 1])
@pytest.mark.parametrize(
    "sizes", [[], [0], [1], [15, 17, 0, 300], [16] * 9, [262_144, 262_144, 5], [700_000], [699_999, 1]], ids=str
)
def test_what_is_sealed_in_pieces_opens_whole(sizes: list[int], first: int | None) -> None:
    """However it is cut, and where the counter begins anew. Restic will not know that it came in pieces."""
    ends = list(accumulate(sizes, initial=0))
    with pytest.MonkeyPatch.context() as patch:
        if first is not None:
            patch.setattr("gdp.core.crypto.os.urandom", first.to_bytes)
        envelope = b"".join(KEY.seal_pieces(LONG[start:end] for start, end in pairwise(ends)))

    assert KEY.open(envelope) == LONG[: ends[-1]]
    assert b"".join(KEY.reopen_pieces(reading(envelope), len(envelope))) == LONG[: ends[-1]]


@pytest.mark.parametrize("position", [0, 15, 16, 262_160, 700_015])
def test_reopening_in_pieces_sees_every_bit_but_the_macs(position: int) -> None:
    """As it does whole."""
    envelope = bytearray(KEY.seal(LONG))
    envelope[position] ^= 1

    assert b"".join(KEY.reopen_pieces(reading(bytes(envelope)), len(envelope))) != LONG


def reading(envelope: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, count: envelope[offset : offset + count]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=16, max_size=100), min_size=1, max_size=6), st.data())  # another IV may give any one byte
def test_reopening_sees_every_bit_but_the_macs(plaintexts: list[bytes], data: Any) -> None:
    """A bit that fell over between sealing and sending must not be sent."""
    envelopes = [bytearray(envelope) for envelope in KEY.seal_many(plaintexts)]
    envelope = data.draw(st.sampled_from(envelopes))
    position = data.draw(st.integers(0, len(envelope) - 17))
    envelope[position] ^= 1 << data.draw(st.integers(0, 7))

    try:
        reopened = [bytes(opened) for opened in KEY.reopen_many(envelopes)]
    except DamagedData:
        return
    assert reopened != plaintexts
