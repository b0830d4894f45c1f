"""From a password to a key, by scrypt, with bounds against hostile parameters."""

import os

import msgspec

from gdp.core.crypto import KEY_BYTES, MasterKey
from gdp.core.errors import HostileData
from gdp.core.language import N_
from gdp.core.scrypt import scrypt

SALT_BYTES = 64
MEMORY_LIMIT_BYTES = 256 << 20  # 128 * N * r, for each of two threads; restic itself stays at 60 MiB, rustic at 128 MiB
WORK_LIMIT = 1 << 27  # N * r * p, about a minute; restic's default is 2 ** 21
THREADS = 2


class ScryptCost(msgspec.Struct, frozen=True):
    """scrypt's cost parameters. ``N`` is a power of two."""

    N: int
    r: int
    p: int


DEFAULT_COST = ScryptCost(N=32768, r=8, p=9)  # the strongest restic was seen to choose with its 500 ms and 60 MiB


def new_salt() -> bytes:
    """Return 64 random bytes."""
    return os.urandom(SALT_BYTES)


def derive_key(password: bytes, salt: bytes, cost: ScryptCost) -> MasterKey:
    """Return the key that opens a key file's ``data``. Takes about half a second and 32 MiB by design.

    Raises:
        HostileData: parameters that are no scrypt parameters, or would eat the machine.
    """
    power_of_two = cost.N > 1 and cost.N & (cost.N - 1) == 0
    bounded = 128 * cost.N * cost.r <= MEMORY_LIMIT_BYTES and cost.N * cost.r * cost.p <= WORK_LIMIT
    if not power_of_two or cost.r < 1 or cost.p < 1 or not bounded or len(salt) != SALT_BYTES:
        raise HostileData(
            N_("the key file demands unreasonable work (N={N}, r={r}, p={p}); it was not tried"),
            N=cost.N,
            r=cost.r,
            p=cost.p,
        )
    return MasterKey(scrypt(password, salt, KEY_BYTES, N=cost.N, r=cost.r, p=cost.p, threads=THREADS))
