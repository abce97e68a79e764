"""The one exception by which every part of this implementation refuses an input."""

from __future__ import annotations


class FormatError(Exception):
    """A refusal: a stable code of the specification, and words for whoever debugs."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(f"{code}: {reason}" if reason else code)
        self.code = code


class UnsupportedQuestion(Exception):
    """A question that names something of which the specification, as implemented here, says nothing."""


def malformed(reason: str) -> FormatError:
    """The public structure is wrong."""
    return FormatError("malformed", reason)


def rejected() -> FormatError:
    """What only the holder of a secret could tell apart; it carries no detail on purpose."""
    return FormatError("rejected")
