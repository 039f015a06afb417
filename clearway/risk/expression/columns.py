"""An expression as Polars columns: the same answer for each row as the CEL engine gives.

    compiled = compile_columns(expression, FIELDS)
    frame.select(compiled.hit, compiled.failed)      # columns are named as fields: "item.hs" ...

What holds both engines together, found by asking the CEL engine and kept by a property test:
two kinds of numbers are compared as decimals, never mixed in arithmetic; sizes of texts are bytes
of UTF-8; texts are ordered by these bytes; whole numbers are divided towards zero, and by zero not
at all; decimals follow IEEE 754, but no order is asked of what is no number; `matches` is the
search of the same library (Rust regex) in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType

import polars as pl

from clearway.risk.expression import forms
from clearway.risk.expression.forms import Form
from clearway.risk.expression.model import (
    Binary,
    Call,
    Conditional,
    Field,
    Items,
    Junction,
    Kind,
    Literal,
    Local,
    Macro,
    Node,
    OutsideTheTree,
    Unary,
)
from clearway.risk.expression.reading import read

_DTYPES = {Kind.INT: pl.Int64(), Kind.DOUBLE: pl.Float64(), Kind.STRING: pl.String()}
_ORDERS: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_FEW = 8  # up to so many texts a chain of comparisons is quicker than a look-up


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression as columns.

    Args:
        hit: where it is true; false where it failed.
        failed: where CEL has an error; None: nowhere.
        fields: the columns that it reads.
    """

    hit: pl.Expr
    failed: pl.Expr | None
    fields: frozenset[str]


def compile_columns(
    text: str, fields: Mapping[str, Kind], least: Mapping[str, int] = MappingProxyType({})
) -> Compiled:
    """Return the columns of an expression.

    Args:
        text: of the expression.
        fields: what profiles see, by its name, such as `item.hs`.
        least: below which a whole number never is, by its field; without: `-forms.MOST_WHOLE`.

    Raises: OutsideTheTree: a part that cannot be made into columns, with its place.
    """
    compiler = _Compiler(text, fields, least)
    form = compiler.form(read(text))
    if form.kind is not Kind.BOOL:
        raise OutsideTheTree(f"The whole gives {form.kind}, not a yes or no", text, 0)
    hit, failed = form.value, form.error
    if compiler.has_constants:
        # The engine may simplify such an answer to one value, where a column of all rows is due.
        rows = pl.int_range(pl.len()) >= 0
        hit, failed = hit & rows, None if failed is None else failed & rows
    return Compiled(hit, failed, frozenset(compiler.used))


class _Compiler:
    def __init__(self, text: str, fields: Mapping[str, Kind], least: Mapping[str, int]) -> None:
        self._text, self._fields, self._least = text, fields, least
        self._locals: list[str] = []
        self.used: set[str] = set()
        self.has_constants = False

    def _outside(self, why: str, node: Node) -> OutsideTheTree:
        return OutsideTheTree(why, self._text, node.at)

    def form(self, node: Node) -> Form:
        form = self._form(node)
        if form.kind is Kind.BOOL and not form.value.meta.root_names():
            self.has_constants = True
        return form

    def _form(self, node: Node) -> Form:
        match node:
            case Literal():
                return _literal(node)
            case Field():
                return self._field(node)
            case Local():
                return self._local(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Junction():
                return self._junction(node)
            case Conditional():
                return self._conditional(node)
            case Call() | Macro():
                return self._call(node) if isinstance(node, Call) else self._macro(node)
        raise self._outside("A list stands only after `in`", node)

    def _of(self, node: Node, *kinds: Kind) -> Form:
        form = self.form(node)
        if form.kind not in kinds:
            wanted = " or ".join(kinds)
            raise self._outside(f"Here {wanted} is needed, this is {form.kind}", node)
        return form

    def _field(self, node: Field) -> Form:
        kind = self._fields.get(node.name)
        if kind is None:
            raise self._outside(f"Profiles do not see {node.name}", node)
        if self._locals:
            raise self._outside("A test of list elements cannot ask for other fields", node)
        self.used.add(node.name)
        most = forms.MOST_WHOLE
        return Form(kind, pl.col(node.name), low=self._least.get(node.name, -most), high=most)

    def _local(self, node: Local) -> Form:
        if node.name != self._locals[-1]:
            raise self._outside("Lists within lists are not asked", node)
        return Form(Kind.STRING, pl.element())

    def _unary(self, node: Unary) -> Form:
        if node.sign == "!":
            return forms.negated(self._of(node.part, Kind.BOOL))
        form = self._of(node.part, Kind.INT, Kind.DOUBLE)
        if form.kind is Kind.DOUBLE:
            negative, is_nan = -form.value, form.may_be_nan
            return Form(Kind.DOUBLE, negative, failed=form.failed, may_be_nan=is_nan)
        return self._within(node, forms.whole(-form.value, form.failed, -form.high, -form.low))

    def _within(self, node: Node, form: Form | None) -> Form:
        if form is None:
            raise self._outside("This could leave what a whole number can be", node)
        return form

    def _binary(self, node: Binary) -> Form:
        if node.sign == "in":
            return self._membership(node)
        left, right = self.form(node.left), self.form(node.right)
        if Kind.STRINGS in (left.kind, right.kind):
            raise self._outside("Lists are asked with `in`, size() or exists()", node)
        if node.sign in ("==", "!="):
            same = forms.equal(left, right)
            return same if node.sign == "==" else forms.negated(same)
        if node.sign in _ORDERS:
            return self._order(node, left, right)
        return self._arithmetic(node, left, right)

    def _order(self, node: Binary, left: Form, right: Form) -> Form:
        if left.kind is right.kind and left.kind in (Kind.STRING, Kind.INT):
            failed = forms.either(left.failed, right.failed)
            return forms.answer(_ORDERS[node.sign](left.value, right.value), failed)
        if left.is_number and right.is_number:
            return forms.ordered(node.sign, left, right)
        raise self._outside(f"There is no order of {left.kind} and {right.kind}", node)

    def _arithmetic(self, node: Binary, left: Form, right: Form) -> Form:
        failed = forms.either(left.failed, right.failed)
        if left.kind is right.kind is Kind.INT:
            return self._within(node, _whole(node.sign, left, right))
        if left.kind is right.kind is Kind.DOUBLE and node.sign != "%":
            value = _decimals(node.sign, left.value, right.value)
            return Form(Kind.DOUBLE, value, failed=failed, may_be_nan=True)
        if left.kind is right.kind is Kind.STRING and node.sign == "+":
            return Form(Kind.STRING, left.value + right.value, failed=failed)
        raise self._outside(
            f"{node.sign} does not join {left.kind} and {right.kind}; double() and int() convert",
            node,
        )

    def _membership(self, node: Binary) -> Form:
        left = self.form(node.left)
        if isinstance(node.right, Items):
            parts = [self.form(part) for part in node.right.parts]
            return self._one_of(left, parts)
        over = self._of(node.right, Kind.STRINGS)
        if left.kind is not Kind.STRING:
            return forms.answer(pl.lit(False), left.error)
        return forms.answer(over.value.list.contains(left.value), left.failed)

    def _one_of(self, left: Form, parts: list[Form]) -> Form:
        texts = [part.text for part in parts if part.text is not None]
        if left.kind is Kind.STRING and len(texts) == len(parts) > _FEW:
            return forms.answer(left.value.is_in(texts), left.failed)
        if not parts:
            return forms.answer(pl.lit(False), left.error)
        # A part that fails, fails the whole: membership settles nothing early.
        same = [forms.equal(left, part) for part in parts]
        failed = forms.either(*(one.error for one in (left, *parts)))
        return forms.answer(reduce(lambda a, b: a | b, (one.value for one in same)), failed)

    def _junction(self, node: Junction) -> Form:
        return forms.joined(node.sign, [self._of(part, Kind.BOOL) for part in node.parts])

    def _conditional(self, node: Conditional) -> Form:
        test = self._of(node.test, Kind.BOOL)
        yes, no = self.form(node.yes), self.form(node.no)
        if yes.kind is not no.kind or yes.kind is Kind.STRINGS:
            raise self._outside("Both answers must be of one kind", node)
        return forms.chosen(test, yes, no)

    def _macro(self, node: Macro) -> Form:
        over = self._of(node.over, Kind.STRINGS)
        self._locals.append(node.local)
        test = self._of(node.test, Kind.BOOL)
        self._locals.pop()
        if test.no is not None:
            raise self._outside("A test of list elements must not be able to fail", node.test)
        answers = over.value.list.eval(test.value)
        if node.name == "exists":
            return Form(Kind.BOOL, answers.list.any().fill_null(False))
        if node.name == "all":
            return Form(Kind.BOOL, answers.list.all().fill_null(True))
        count = answers.list.eval(pl.element().cast(pl.Int64)).list.sum()
        return Form(Kind.BOOL, (count == 1).fill_null(False))

    def _call(self, node: Call) -> Form:
        if node.name == "has" and not node.is_method:
            self._field(node.parts[0])  # type: ignore[arg-type]
            return Form(Kind.BOOL, pl.lit(True))
        if node.name == "size" and len(node.parts) == 1:
            return self._size(node)
        if node.name in ("int", "double") and len(node.parts) == 1 and not node.is_method:
            return self._converted(node)
        if node.name in _TEXTS and len(node.parts) == 2 and node.is_method:
            return self._text_test(node)
        raise self._outside(f"{node.name} cannot be made into columns", node)

    def _size(self, node: Call) -> Form:
        form = self._of(node.parts[0], Kind.STRING, Kind.STRINGS)
        count = form.value.str.len_bytes() if form.kind is Kind.STRING else form.value.list.len()
        most = forms.MOST_WHOLE
        return Form(Kind.INT, count.cast(pl.Int64), failed=form.failed, low=0, high=most)

    def _converted(self, node: Call) -> Form:
        form = self._of(node.parts[0], Kind.INT, Kind.DOUBLE)
        if node.name == "double":
            is_nan = form.may_be_nan
            return Form(Kind.DOUBLE, form.decimals, failed=form.failed, may_be_nan=is_nan)
        if form.kind is Kind.INT:
            return form
        raise self._outside("int() of a number with decimals is not made into columns", node)

    def _text_test(self, node: Call) -> Form:
        text, sought = (self._of(part, Kind.STRING) for part in node.parts)
        failed = forms.either(text.failed, sought.failed)
        if node.name != "matches":
            return forms.answer(_TEXTS[node.name](text.value, sought.value), failed)
        if sought.text is None:
            raise self._outside("A pattern must be written down", node.parts[1])
        try:
            pl.select(pl.lit("").str.contains(sought.text))
        except pl.exceptions.PolarsError as broken:
            raise self._outside(f"This pattern cannot be read: {broken}", node.parts[1]) from broken
        return forms.answer(text.value.str.contains(sought.text), failed)


_TEXTS: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "startsWith": lambda text, sought: text.str.starts_with(sought),
    "endsWith": lambda text, sought: text.str.ends_with(sought),
    "contains": lambda text, sought: text.str.contains(sought, literal=True),
    "matches": lambda text, sought: text.str.contains(sought),
}


def _literal(node: Literal) -> Form:
    if node.kind is Kind.BOOL:
        return Form(Kind.BOOL, pl.lit(node.value))
    value = pl.lit(node.value, dtype=_DTYPES[node.kind])
    number = int(node.value) if node.kind is Kind.INT else 0
    text = str(node.value) if node.kind is Kind.STRING else None
    return Form(node.kind, value, low=number, high=number, text=text)


def _whole(sign: str, left: Form, right: Form) -> Form | None:
    failed = forms.either(left.failed, right.failed)
    if sign == "+":
        bounds = left.low + right.low, left.high + right.high
        return forms.whole(left.value + right.value, failed, *bounds)
    if sign == "-":
        bounds = left.low - right.high, left.high - right.low
        return forms.whole(left.value - right.value, failed, *bounds)
    if sign == "*":
        corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
        return forms.whole(left.value * right.value, failed, min(corners), max(corners))
    made = forms.quotient(left, right) if sign == "/" else forms.remainder(left, right)
    return forms.whole(made.value, made.failed, made.low, made.high)


def _decimals(sign: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    return left * right if sign == "*" else left / right
