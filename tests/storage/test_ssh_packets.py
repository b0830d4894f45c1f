"""Packets made here must be those of the library, and whatever was not sent like that must be noticed."""

import os
import socket
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from paramiko import Message
from paramiko.packet import Packetizer

from gdp.storage.contract import Buffer
from gdp.storage.ssh_packets import CHANNEL_DATA, GarbledPacket, Opener, Sealer

KEY = bytes(range(32))
NONCE = b"\x01\x02\x03\x04" + b"\xff" * 7 + b"\xfe"  # its counter runs over in the middle of a test
STRAIGHT_NONCE = bytes(12)  # the library's own counter does not run over


def engine() -> AESGCM:
    return AESGCM(KEY)


def library_at(end: socket.socket) -> Packetizer:
    """Return the library's own packets on a line, encrypted as ours are."""
    end.settimeout(5)
    packets = Packetizer(end)
    options: dict[str, Any] = {"block_engine": engine(), "block_size": 16, "mac_engine": None, "mac_size": 16, "mac_key": None}
    packets.set_outbound_cipher(aead=True, iv_out=STRAIGHT_NONCE, **options)
    packets.set_inbound_cipher(aead=True, iv_in=STRAIGHT_NONCE, **options)
    return packets


def opened(opener: Opener, received: bytes) -> list[bytes]:
    """Return the payloads of whole packets."""
    payloads = []
    while (packet := opener.open(memoryview(received))) is not None:
        size, plain, end = packet
        payloads.append(plain[1:end])
        received = received[size:]
    assert not received
    return payloads


@settings(max_examples=30)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=5))
def test_the_library_reads_what_we_send(sizes: list[int]) -> None:
    """Any length, in turn: each packet has a nonce of its own, and padding up to a whole block."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sealer, library = Sealer(engine(), STRAIGHT_NONCE), library_at(theirs)
        for size in sizes:
            payload = os.urandom(size)
            ours.sendall(b"".join(sealer.seal(payload)))
            kind, message = library.read_message()

            assert bytes((kind,)) + message.asbytes() == payload


@settings(max_examples=30)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=5))
def test_we_read_what_the_library_sends(sizes: list[int]) -> None:
    """The other way round."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        opener, library = Opener(engine(), STRAIGHT_NONCE), library_at(theirs)
        for size in sizes:
            payload = os.urandom(size)
            library.send_message(Message(payload))

            assert opened(opener, ours.recv(1 << 16)) == [payload]


def test_channel_data_goes_out_as_the_library_sends_it() -> None:
    """Kind, channel, length, bytes."""
    packets: list[tuple[int, list[Buffer]]] = [(5, [b"ab", memoryview(b"cde")]), (1, [b"f"])]
    sealed = b"".join(Sealer(engine(), NONCE).seal_data(7, packets))

    head = bytes((CHANNEL_DATA,)) + (7).to_bytes(4, "big")
    assert opened(Opener(engine(), NONCE), sealed) == [head + b"\x00\x00\x00\x05abcde", head + b"\x00\x00\x00\x01f"]


def test_the_counter_of_a_nonce_runs_over_and_the_fixed_part_stays() -> None:
    """It begins anywhere, as the keys say (RFC 5647, 7.1)."""
    sealer = Sealer(engine(), NONCE)
    sealed = [b"".join(sealer.seal(bytes((number,)))) for number in range(1, 5)]

    assert AESGCM(KEY).decrypt(NONCE[:4] + bytes(8), sealed[2][4:], sealed[2][:4])[1] == 3
    assert opened(Opener(engine(), NONCE), b"".join(sealed)) == [b"\x01", b"\x02", b"\x03", b"\x04"]


def test_a_packet_that_is_not_all_there_is_waited_for() -> None:
    """TCP keeps no borders."""
    sealed = b"".join(Sealer(engine(), NONCE).seal(b"payload"))
    opener = Opener(engine(), NONCE)

    assert all(opener.open(memoryview(sealed[:size])) is None for size in range(len(sealed)))
    assert opened(opener, sealed) == [b"payload"]


def test_every_changed_bit_is_noticed() -> None:
    """The tag covers all of it, the length too."""
    sealed = b"".join(Sealer(engine(), NONCE).seal(b"payload"))
    for at in range(len(sealed)):
        changed = bytearray(sealed) + bytes(1 << 19)  # so that a greater length is not taken for an incomplete packet
        changed[at] ^= 1
        with pytest.raises(GarbledPacket):
            Opener(engine(), NONCE).open(memoryview(changed))


@pytest.mark.parametrize("order", [[1], [0, 0], [0, 2]], ids=["swapped", "repeated", "left out"])
def test_packets_that_come_in_another_order_are_noticed(order: list[int]) -> None:
    """Nothing may be inserted, repeated or left out."""
    sealer = Sealer(engine(), NONCE)
    sealed = [b"".join(sealer.seal(b"payload")) for _ in range(3)]

    with pytest.raises(GarbledPacket):
        opened(Opener(engine(), NONCE), b"".join(sealed[number] for number in order))


@pytest.mark.parametrize("length", [0, 15, 17, 1 << 20, 0xFFFFFFF0])
def test_a_length_that_cannot_be_is_refused_before_anything_is_waited_for(length: int) -> None:
    """A server must not make us hold gigabytes."""
    with pytest.raises(GarbledPacket):
        Opener(engine(), NONCE).open(memoryview(length.to_bytes(4, "big")))


@pytest.mark.parametrize("padding", [15, 16, 255])
def test_a_packet_that_is_all_padding_is_refused(padding: int) -> None:
    """Even where its tag is right."""
    length = (16).to_bytes(4, "big")
    sealed = length + engine().encrypt(NONCE, bytes((padding,)) + bytes(15), length)

    with pytest.raises(GarbledPacket):
        Opener(engine(), NONCE).open(memoryview(sealed))
