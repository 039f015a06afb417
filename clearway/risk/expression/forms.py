"""What a part of an expression becomes: columns of values, and of where it fails.

CEL stops with an error where a columnar engine goes on (a division by zero, an order of what is no
number), and an error is swallowed by `&&` and `||` when the other side settles the answer. So a yes
or no is two columns, where it is known to be true and where it is known to be false: neither is an
error. Kleene's logic over these two never needs the error itself, and most rules never need the
second column. Numbers and texts carry where they failed; None is nowhere, which is nearly always.

Bounds of whole numbers are worked out beside: an expression that could leave 64 bits is refused,
so that no overflow needs to be watched for in ten million rows.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        value: of a yes or no, where it is true; of others meaningless where they failed.
        no: of a yes or no, where it is false; None: wherever it is not true.
        failed: of others, where CEL has an error; None: nowhere.
        low, high: bounds of a whole number.
        may_be_nan: whether a number with decimals can be no number.
        text: of a text that is written down; None: it is not.
    """

    kind: Kind
    value: pl.Expr
    no: pl.Expr | None = None
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

    @property
    def false(self) -> pl.Expr:
        """Where a yes or no is false."""
        return ~self.value if self.no is None else self.no

    @property
    def error(self) -> pl.Expr | None:
        """Where CEL has an error; None: nowhere."""
        if self.kind is not Kind.BOOL:
            return self.failed
        return None if self.no is None else ~(self.value | self.no)


def answer(is_true: pl.Expr, failed: pl.Expr | None) -> Form:
    """Return a yes or no from a column that means nothing where it failed."""
    if failed is None:
        return Form(Kind.BOOL, is_true)
    sound = ~failed
    return Form(Kind.BOOL, is_true & sound, ~is_true & sound)


def negated(form: Form) -> Form:
    """Return `!form`."""
    return Form(Kind.BOOL, form.false, None if form.no is None else form.value)


def whole(value: pl.Expr, failed: pl.Expr | None, low: int, high: int) -> Form | None:
    """Return the form of a whole number within bounds; None: it could leave 64 bits."""
    if low < -_MOST_INT - 1 or high > _MOST_INT:
        return None
    return Form(Kind.INT, value, failed=failed, low=low, high=high)


def either(*failed: pl.Expr | None) -> pl.Expr | None:
    """Return where any of them failed."""
    present = [one for one in failed if one is not None]
    return reduce(lambda a, b: a | b, present) if present else None


def equal(left: Form, right: Form) -> Form:
    """Return whether two values are the same; values of different kinds never are."""
    failed = either(left.error, right.error)
    if left.is_number and right.is_number:
        if left.kind is right.kind is Kind.INT:
            return answer(left.value == right.value, failed)
        same = left.decimals == right.decimals
        # The columnar engine holds two values that are no number to be equal; CEL does not.
        if left.may_be_nan and right.may_be_nan:
            same = same & left.value.is_not_nan()
        return answer(same, failed)
    if left.kind is not right.kind:
        return answer(pl.lit(False), failed)
    return answer(left.value == right.value, failed)


def ordered(sign: str, left: Form, right: Form) -> Form:
    """Return an order of two numbers, one of them at least with decimals."""
    a, b = left.decimals, right.decimals
    # The columnar engine takes what is no number for the largest; CEL has no order for it.
    is_true = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]
    failed = either(left.failed, right.failed)
    if not left.may_be_nan and not right.may_be_nan:
        return answer(is_true, failed)
    largest = left if sign in (">", ">=") else right
    guarded = is_true & largest.value.is_not_nan() if largest.may_be_nan else is_true
    unknown = either(*(one.value.is_nan() for one in (left, right) if one.may_be_nan))
    both = guarded if sign in ("<", ">") else guarded & _not(unknown)
    no = ~is_true & _not(unknown)
    if failed is None:
        return Form(Kind.BOOL, both, no)
    return Form(Kind.BOOL, both & ~failed, no & ~failed)


def _not(failed: pl.Expr | None) -> pl.Expr:
    return pl.lit(True) if failed is None else ~failed


def joined(sign: str, parts: Sequence[Form]) -> Form:
    """Return a chain of `&&` or `||`: whatever settles the answer swallows an error."""
    both, any_of = pl.Expr.__and__, pl.Expr.__or__
    yes = reduce(both if sign == "&&" else any_of, (part.value for part in parts))
    if all(part.no is None for part in parts):
        return Form(Kind.BOOL, yes)
    return Form(
        Kind.BOOL, yes, reduce(any_of if sign == "&&" else both, (part.false for part in parts))
    )


def chosen(test: Form, yes: Form, no: Form) -> Form:
    """Return `test ? yes : no` of two forms of one kind; only the chosen one can fail."""
    if yes.kind is Kind.BOOL:
        true = (test.value & yes.value) | (test.false & no.value)
        if test.no is yes.no is no.no is None:
            return Form(Kind.BOOL, true)
        return Form(Kind.BOOL, true, (test.value & yes.false) | (test.false & no.false))
    value = pl.when(test.value).then(yes.value).otherwise(no.value)
    inner = [
        where & one.failed
        for where, one in ((test.value, yes), (test.false, no))
        if one.failed is not None
    ]
    return Form(
        yes.kind,
        value,
        failed=either(test.error, *inner),
        low=min(yes.low, no.low),
        high=max(yes.high, no.high),
        may_be_nan=yes.may_be_nan or no.may_be_nan,
    )


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
    return Form(Kind.INT, _filled(cut, right), failed=failed, low=low, high=most)


def remainder(left: Form, right: Form) -> Form:
    """Return what a division leaves, with the sign of what was divided."""
    a, b = left.value, right.value
    left_over = a % b
    if left.low < 0 or right.low < 0:
        wrong = (left_over != 0) & ((left_over < 0) != (a < 0))
        left_over = pl.when(wrong).then(left_over - b).otherwise(left_over)
    failed = either(left.failed, right.failed, _zero(right))
    most = max(abs(left.low), abs(left.high))
    low = 0 if left.low >= 0 else -most
    return Form(Kind.INT, _filled(left_over, right), failed=failed, low=low, high=most)


def _filled(value: pl.Expr, divisor: Form) -> pl.Expr:
    """A division by zero is null in the columnar engine; nothing else may be."""
    return value if _zero(divisor) is None else value.fill_null(0)


def _zero(divisor: Form) -> pl.Expr | None:
    return None if divisor.low > 0 or divisor.high < 0 else divisor.value == 0
