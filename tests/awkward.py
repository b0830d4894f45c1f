"""Builds a tree that holds what backup programs trip over. The same seed gives the same tree.

What the filesystem or the user's rights do not allow is left out and named in the result, so that a test can see how
much it tested. Everything in the tree is readable by whoever built it: unreadable files belong to the tests about them.
"""

import os
import random
import stat
import struct
from collections.abc import Callable
from pathlib import Path

NAMES = (
    "ümläut €.txt".encode(),
    "nfc-\u00e9".encode(),
    "nfc-e\u0301".encode(),  # the same to a reader, another name to Linux
    b"Case",
    b"case",
    b"CASE",
    b"\"double\" and 'single'",
    b"back\\slash",
    b"\\xff",  # four letters, not one byte
    b"\xff",
    b"mixed-\xfe-\xc3\xa4-\xc3",
    b"surrogate-\xed\xa0\x80",  # encoded as CESU-8 would: not UTF-8
    b"overlong-\xc0\xaf",  # a slash to a careless decoder
    b"line\nfeed",
    b"carriage\rreturn",
    b"tab\tand\x01control\x7f",
    b"\x1b[31mred",
    "line separator \u2028 paragraph \u2029".encode(),
    "right-to-left \u202e gpj".encode(),
    "\ufeffmark".encode(),
    "👩\u200d👩\u200d👧 family".encode(),
    "astral 𝔊𝔇𝔓".encode(),
    b"<html> & entities",
    b"*",
    b"?",
    b"[a-z]",
    b"!negated",
    b"#comment",
    b"{x}",
    b"%s%n",
    b"$HOME",
    b"$(id)",
    b"`id`",
    b"a;b|c&d",
    b"-rf",
    b"--help",
    b"~",
    b" leading and trailing ",
    b"trailing.",
    b"...",
    b".hidden",
    b"con",
    b"n" * 255,
    "ü".encode() * 127,
)
SIZES = (0, 1, 511, 512, 513, 4095, 4096, 4097, 65_535, 65_536, 262_144, 524_287, 524_288, 524_289, 1_048_576)
DEEP_LEVELS = 48

_ACL_USER_OBJ, _ACL_USER, _ACL_GROUP_OBJ, _ACL_MASK, _ACL_OTHER = 1, 2, 4, 16, 32
_NOBODY_ID = 0xFFFFFFFF  # stands where an ACL entry names nobody
_CAP_NET_BIND_SERVICE = 1 << 10


def build(root: Path | bytes, seed: int = 1, *, for_restic: bool = False) -> list[str]:
    """Make the tree in ``root``, which may exist if it is empty. About 20 MB of data.

    Args:
        root: the folder.
        seed: other seeds give other contents and times under the same names.
        for_restic: leave out what restic itself restores wrongly: times after 2262. (The restic of Debian 12 also loses
            attributes of symbolic links and targets that are not UTF-8; the newest does not.)

    Returns:
        what could not be made here, as ``what: why``; empty for root on ext4, xfs, btrfs or a tmpfs.
    """
    top = os.fsencode(root)
    os.makedirs(top, exist_ok=True)
    chance = random.Random(seed)
    left_out: list[str] = []
    _names(top)
    _contents(top, chance)
    _sparse(top)
    _folders(top)
    _many(top, chance)
    _links(top)
    _modes(top)
    for step in (_nodes, _owners, _attributes, _acls, _capabilities):
        _attempt(step, top, left_out)
    _times(top, chance, for_restic=for_restic)
    return left_out


def write(path: bytes, content: bytes) -> None:
    """Write a file and the folders above it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(content)


def _attempt(step: Callable[[bytes], None], top: bytes, left_out: list[str]) -> None:
    try:
        step(top)
    except OSError as error:
        left_out.append(f"{step.__name__.strip('_')}: {error.strerror}")


def _names(top: bytes) -> None:
    for number, name in enumerate(NAMES):
        write(top + b"/names/" + name, b"file %d\n" % number)
        write(top + b"/folders/" + name + b"/inside", b"in folder %d\n" % number)


def _contents(top: bytes, chance: random.Random) -> None:
    block = chance.randbytes(1_500_000)
    words = [chance.randbytes(4).hex().encode() for _ in range(500)]
    text = b"\n".join(b" ".join(chance.choices(words, k=8)) for _ in range(30_000))
    for name, content in {
        b"random": chance.randbytes(3_000_000),
        b"zeros": bytes(4_000_000),
        b"text.log": text,
        b"twin-1": block,
        b"twin-2": block,
        b"shifted": b"some bytes before" + block,
        b"tail-changed": block[:-1] + bytes([block[-1] ^ 1]),
        b"period": b"0123456789abcde" * 100_000,
        b"looks-like-json": b'{"nodes":[{"name":"../evil"}]}\n',
    }.items():
        write(top + b"/contents/" + name, content)
    for size in SIZES:
        write(top + b"/sizes/%d" % size, chance.randbytes(size))


def _sparse(top: bytes) -> None:
    """A hole in the middle, a hole at the end, nothing but a hole."""
    for name, data_at, size in (
        (b"middle", 12_000_000, 12_000_004),
        (b"end", 0, 9_000_000),
        (b"hole", None, 7_000_000),
    ):
        write(top + b"/sparse/" + name, b"")
        with open(top + b"/sparse/" + name, "r+b") as stream:
            if data_at is not None:
                stream.seek(data_at)
                stream.write(b"data")
            stream.truncate(size)


def _folders(top: bytes) -> None:
    os.makedirs(top + b"/empty/in/empty")
    deep = top + b"/deep" + b"".join(b"/level-%d" % level for level in range(DEEP_LEVELS))
    write(deep + b"/leaf", b"leaf\n")
    write(
        top + b"/long" + b"".join(b"/" + letter * 200 for letter in (b"a", b"b", b"c", b"d", b"e")) + b"/leaf",
        b"leaf\n",
    )


def _many(top: bytes, chance: random.Random) -> None:
    for number in range(400):
        write(top + b"/many/%02d/%d" % (number % 20, number), chance.randbytes(chance.randrange(4000)))


def _links(top: bytes) -> None:
    links = top + b"/links"
    write(links + b"/one", b"one file, three names\n")
    os.makedirs(links + b"/elsewhere")
    os.link(links + b"/one", links + b"/two")
    os.link(links + b"/one", links + b"/elsewhere/three")
    for name, target in (
        (b"to-file", b"one"),
        (b"to-folder", b"elsewhere"),
        (b"dangling", b"/nowhere/at/all"),
        (b"not-utf8", b"\xff\xfe-target"),
        (b"loop", b"loop"),
        (b"upwards", b"../../.."),
        (b"absolute", b"/etc/hostname"),
        (b"long-target", b"t" * 1000),
        (b"newline", b"a\nb"),
    ):
        os.symlink(target, links + b"/" + name)


def _modes(top: bytes) -> None:
    folder = top + b"/modes/"
    modes = [0o4755, 0o2755, 0o6711, 0o1644, 0o400, 0o444, 0o777, 0o640]
    if os.geteuid() == 0:
        modes.append(0o000)  # only root can still read it
    for mode in modes:
        write(folder + b"file-%04o" % mode, b"mode %o\n" % mode)
        os.chmod(folder + b"file-%04o" % mode, mode)
    for mode in (0o1777, 0o2775, 0o500, 0o700):
        write(folder + b"dir-%04o/inside" % mode, b"")
        os.chmod(folder + b"dir-%04o" % mode, mode)


def _nodes(top: bytes) -> None:
    folder = top + b"/nodes"
    os.makedirs(folder)
    os.mkfifo(folder + b"/fifo", 0o620)
    os.mknod(folder + b"/socket", stat.S_IFSOCK | 0o660)
    if os.geteuid() == 0:
        os.mknod(folder + b"/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(folder + b"/loop", stat.S_IFBLK | 0o660, os.makedev(7, 200))


def _owners(top: bytes) -> None:
    if os.geteuid() != 0:
        return
    for uid, gid in ((1000, 1000), (0, 65_534), (4_000_000_000, 4_000_000_001)):
        path = top + b"/owners/%d-%d" % (uid, gid)
        write(path, b"owned\n")
        os.chown(path, uid, gid)
        os.symlink(b"anywhere", path + b"-link")
        os.lchown(path + b"-link", uid, gid)


def _attributes(top: bytes) -> None:
    path = top + b"/attributes/file"
    write(path, b"with attributes\n")
    os.setxattr(path, "user.comment", "Prüfung\n\0binary".encode())
    os.setxattr(path, "user.empty", b"")
    os.setxattr(path, "user.long", bytes(range(256)) * 6)
    os.setxattr(top + b"/attributes", "user.on-a-folder", b"yes")
    if os.geteuid() == 0:
        os.symlink(b"file", top + b"/attributes/link")
        os.setxattr(top + b"/attributes/link", "trusted.on-a-link", b"yes", follow_symlinks=False)


def _acls(top: bytes) -> None:
    folder = top + b"/acl"
    write(folder + b"/file", b"with a list\n")
    os.chmod(folder + b"/file", 0o640)
    entries = (
        (_ACL_USER_OBJ, 6, _NOBODY_ID),
        (_ACL_USER, 4, 1000),
        (_ACL_GROUP_OBJ, 4, _NOBODY_ID),
        (_ACL_MASK, 4, _NOBODY_ID),
        (_ACL_OTHER, 0, _NOBODY_ID),
    )
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(folder + b"/file", "system.posix_acl_access", acl)
    os.setxattr(folder, "system.posix_acl_default", acl)


def _capabilities(top: bytes) -> None:
    if os.geteuid() != 0:
        return
    path = top + b"/capabilities/program"
    write(path, b"#!/bin/true\n")
    os.chmod(path, 0o755)
    revision_2_effective = 0x02000001
    os.setxattr(path, "security.capability", struct.pack("<5I", revision_2_effective, _CAP_NET_BIND_SERVICE, 0, 0, 0))


def _times(top: bytes, chance: random.Random, *, for_restic: bool) -> None:
    """Set every time, folders after what lies in them."""
    odd = {
        b"before-1970": -1_234_567_890_987_654_321,
        b"just-before-1970": -1,
        b"epoch": 0,
        b"one-nanosecond": 1,
        b"after-2038": 4_102_444_800_000_000_001,
        b"year-2250": 8_836_000_000_123_456_789,
        b"no-fraction": 1_700_000_000_000_000_000,
        b"tenths": 1_700_000_000_100_000_000,
    }
    if not for_restic:
        odd[b"year-2400"] = 13_569_465_600_999_999_999
    for name in odd:
        write(top + b"/times/" + name, name)
    for folder, subfolders, files in os.walk(top, topdown=False):
        for name in files + [sub for sub in subfolders if os.path.islink(os.path.join(folder, sub))]:
            moment = odd.get(name, 0) if folder.endswith(b"/times") else chance.randrange(10**9, 1_700_000_000 * 10**9)
            os.utime(os.path.join(folder, name), ns=(moment, moment), follow_symlinks=False)
        moment = chance.randrange(10**18, 17 * 10**17)
        os.utime(folder, ns=(moment, moment))
