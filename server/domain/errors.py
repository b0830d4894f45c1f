"""What the rules refuse."""


class RuleBroken(ValueError):
    """A value or a step that the business does not allow; the message names it."""
