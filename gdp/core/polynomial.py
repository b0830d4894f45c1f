"""Random irreducible polynomials over GF(2), degree 53: restic refuses a repository whose ``chunker_polynomial`` is not one.

We never cut with it; it only seeds our own chunker, and lets restic go on with the repository.

Source: Ben-Or's irreducibility test, in Panario, "What do random polynomials over finite fields look like?".
"""

import secrets

DEGREE = 53


def random_irreducible() -> int:
    """Return a random irreducible polynomial; bit i is the coefficient of x**i. About one in 27 candidates is one."""
    while True:
        candidate = secrets.randbits(DEGREE) | 1 << DEGREE | 1
        if is_irreducible(candidate):
            return candidate


def is_irreducible(polynomial: int) -> bool:
    """Say whether a polynomial of degree 1 or more has no divisor but itself and 1."""
    degree = polynomial.bit_length() - 1
    power = 0b10  # x
    for _ in range(degree // 2):
        power = _square_mod(power, polynomial)
        if _gcd(polynomial, power ^ 0b10) != 1:
            return False
    return degree > 0


def _mod(value: int, modulus: int) -> int:
    size = modulus.bit_length()
    while value.bit_length() >= size:
        value ^= modulus << (value.bit_length() - size)
    return value


def _square_mod(value: int, modulus: int) -> int:
    # Squaring over GF(2) puts a zero between all bits; read base 2 digits as base 4 digits.
    return _mod(int(f"{value:b}", 4), modulus)


def _gcd(left: int, right: int) -> int:
    while right:
        left, right = right, _mod(left, right)
    return left
