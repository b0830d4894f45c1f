"""How a file that came from outside, or would go there, is refused."""

from server.domain.errors import RuleBroken


class BankFileRefused(RuleBroken):
    """A bank file that cannot be used. Nothing of it is taken, not even what could be read."""
