"""What a part of an expression becomes: a column of values, and a column of where it fails.

CEL stops with an error where a columnar engine goes on (a division by zero, an order of what is no
number), and an error is swallowed by `&&` and `||` when the other side settles the answer. So each
form carries both columns; `failed` is None where nothing can fail, which is nearly everywhere.

Bounds of whole numbers are worked out beside: an expression that could leave 64 bits is refused,
so that no overflow needs to be watched for in ten million rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import polars as pl

from clearway.risk.expression.model import Kind

# What a whole number that a profile sees can be; whoever makes the columns holds to it.
MOST_WHOLE = (1 << 31) - 1
_MOST_INT = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Form:
    """One part of an expression as columns.

    Args:
        kind: of its values.
        value: meaningless where it failed.
        failed: where CEL has an error; None: nowhere.
        low, high: bounds of a whole number.
        may_be_nan: whether a number with decimals can be no number.
        text: of a text that is written down; None: it is not.
    """

    kind: Kind
    value: pl.Expr
    failed: pl.Expr | None = None
    low: int = 0
    high: int = 0
    may_be_nan: bool = False
    text: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether it can be compared with numbers of both kinds."""
        return self.kind in (Kind.INT, Kind.DOUBLE)

    @property
    def decimals(self) -> pl.Expr:
        """The number as one with decimals: so CEL compares the two kinds."""
        return self.value.cast(pl.Float64) if self.kind is Kind.INT else self.value


def whole(value: pl.Expr, failed: pl.Expr | None, low: int, high: int) -> Form | None:
    """Return the form of a whole number within bounds; None: it could leave 64 bits."""
    if low < -_MOST_INT - 1 or high > _MOST_INT:
        return None
    return Form(Kind.INT, value, failed, low, high)


def either(*failed: pl.Expr | None) -> pl.Expr | None:
    """Return where any of them failed."""
    present = [one for one in failed if one is not None]
    return reduce(lambda a, b: a | b, present) if present else None


def equal(left: Form, right: Form) -> Form:
    """Return whether two values are the same; values of different kinds never are."""
    failed = either(left.failed, right.failed)
    if left.is_number and right.is_number:
        if left.kind is right.kind is Kind.INT:
            return Form(Kind.BOOL, left.value == right.value, failed)
        same = left.decimals == right.decimals
        # The columnar engine holds two values that are no number to be equal; CEL does not.
        if left.may_be_nan and right.may_be_nan:
            same = same & left.value.is_not_nan()
        return Form(Kind.BOOL, same, failed)
    if left.kind is not right.kind:
        return Form(Kind.BOOL, pl.lit(False), failed)
    return Form(Kind.BOOL, left.value == right.value, failed)


def nan_of(form: Form) -> pl.Expr | None:
    """Return where a number is none; None: nowhere."""
    return form.value.is_nan() if form.may_be_nan else None


def joined(sign: str, left: Form, right: Form) -> Form:
    """Return `left && right` or `left || right`: what settles the answer swallows an error."""
    value = left.value & right.value if sign == "&&" else left.value | right.value
    failed = either(left.failed, right.failed)
    if failed is None:
        return Form(Kind.BOOL, value)
    settled = _settles(sign, left) | _settles(sign, right)
    answer = pl.when(settled).then(pl.lit(sign == "||")).otherwise(value)
    return Form(Kind.BOOL, answer, failed & ~settled)


def _settles(sign: str, form: Form) -> pl.Expr:
    settling = form.value if sign == "||" else ~form.value
    return settling if form.failed is None else settling & ~form.failed


def quotient(left: Form, right: Form) -> Form:
    """Return a whole number divided by another, cut towards zero as CEL does."""
    a, b = left.value, right.value
    floor = a // b
    if left.low >= 0 and right.low >= 0:
        cut = floor
    else:
        cut = floor + ((a % b != 0) & ((a < 0) != (b < 0))).cast(pl.Int64)
    failed = either(left.failed, right.failed, _zero(right))
    most = max(abs(left.low), abs(left.high))
    low = 0 if left.low >= 0 and right.low >= 0 else -most
    return Form(Kind.INT, cut.fill_null(0), failed, low, most)


def remainder(left: Form, right: Form) -> Form:
    """Return what a division leaves, with the sign of what was divided."""
    a, b = left.value, right.value
    left_over = a % b
    if left.low < 0 or right.low < 0:
        wrong = (left_over != 0) & ((left_over < 0) != (a < 0))
        left_over = pl.when(wrong).then(left_over - b).otherwise(left_over)
    failed = either(left.failed, right.failed, _zero(right))
    most = max(abs(left.low), abs(left.high))
    return Form(Kind.INT, left_over.fill_null(0), failed, 0 if left.low >= 0 else -most, most)


def _zero(divisor: Form) -> pl.Expr | None:
    return None if divisor.low > 0 or divisor.high < 0 else divisor.value == 0
