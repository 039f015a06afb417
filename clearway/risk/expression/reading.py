"""Reading an expression into the tree: recursive descent over the part of CEL that profiles use.

    tree = read('item.hs.startsWith("0302") && item.price_spreads < -2.5')

The engine that judges declarations does not show its own tree, so there are two readers of one
language; a property test holds them together. What this reader refuses may still be sound CEL
(maps, indexes, time); such a profile runs, but is back-tested by the engine on a sample.

Depth is bounded (`MOST_DEPTH`), length and words by `tokens`.
"""

from __future__ import annotations

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
from clearway.risk.expression.tokens import Token, tokens_of

MOST_DEPTH = 40
_MOST_INT = (1 << 63) - 1

_ROOTS = ("item", "declaration")
_MACROS = ("exists", "all", "exists_one")
# From loosest to tightest; each level joins from the left.
_LEVELS = (("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
_RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
    | {"package", "namespace", "return", "var", "void", "while"}
)


def read(text: str) -> Node:
    """Return the tree of an expression.

    Raises: OutsideTheTree: it is not of the part of CEL that this reads, or too deep or too long.
    """
    reader = _Reader(text)
    tree = reader.expression()
    reader.require_end()
    return tree


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._next = 0
        self._depth = 0
        self._locals: list[str] = []

    def require_end(self) -> None:
        if self._token.kind != "end":
            raise self._outside("Here the expression should end")

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _outside(self, why: str, at: int | None = None) -> OutsideTheTree:
        return OutsideTheTree(why, self._text, self._token.at if at is None else at)

    def _take(self) -> Token:
        token = self._token
        if token.kind != "end":
            self._next += 1
        return token

    def _accept(self, sign: str) -> bool:
        found = self._token.kind == "sign" and self._token.text == sign
        self._next += found
        return found

    def _require(self, sign: str) -> None:
        if not self._accept(sign):
            raise self._outside(f"Here {sign!r} is missing")

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self._outside(f"Expressions are nested at most {MOST_DEPTH} deep")
        test = self._junction("||")
        if self._accept("?"):
            at = self._token.at
            yes = self._junction("||")
            self._require(":")
            test = Conditional(test, yes, self.expression(), at)
        self._depth -= 1
        return test

    def _junction(self, sign: str) -> Node:
        at = self._token.at
        parts = [self._joined(sign)]
        while self._accept(sign):
            parts.append(self._joined(sign))
        return parts[0] if len(parts) == 1 else Junction(sign, tuple(parts), at)

    def _joined(self, sign: str) -> Node:
        return self._junction("&&") if sign == "||" else self._chain(0)

    def _chain(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._chain(level + 1)
        length = 0
        while self._token.text in _LEVELS[level] and self._token.kind in ("sign", "name"):
            length += 1
            if length > MOST_DEPTH:
                raise self._outside(f"A chain has at most {MOST_DEPTH} operators here")
            token = self._take()
            left = Binary(token.text, left, self._chain(level + 1), token.at)
        return left

    def _unary(self) -> Node:
        token = self._token
        signs = 0
        while self._token.kind == "sign" and self._token.text == token.text and token.text in "!-":
            self._take()
            signs += 1
        if not signs:
            return self._members(self._primary())
        if token.text == "-" and self._token.kind in ("int", "double"):
            # The sign belongs to the number: the least whole number has no positive twin.
            part = self._members(self._number(self._take(), -1))
            signs -= 1
        else:
            part = self._members(self._primary())
        return Unary(token.text, part, token.at) if signs % 2 else self._kept(token, part, signs)

    def _kept(self, token: Token, part: Node, signs: int) -> Node:
        """Two signs cancel, but what they stand before must still fit them."""
        return Unary(token.text, Unary(token.text, part, token.at), token.at) if signs else part

    def _members(self, node: Node) -> Node:
        while True:
            at = self._token.at
            if self._accept("["):
                raise self._outside("Only item and declaration are asked by brackets", at)
            if not self._accept("."):
                return node
            name = self._take()
            if name.kind != "name":
                raise self._outside("Here a name is missing", name.at)
            if not self._accept("("):
                raise self._outside(f"{name.text} is no field of this", name.at)
            node = self._method(node, name)

    def _method(self, node: Node, name: Token) -> Node:
        if name.text in _MACROS:
            return self._macro(node, name)
        return Call(name.text, (node, *self._arguments(")")), True, name.at)

    def _macro(self, over: Node, name: Token) -> Node:
        local = self._take()
        if local.kind != "name" or local.text in _ROOTS:
            raise self._outside("Here a name of your own is missing", local.at)
        self._require(",")
        self._locals.append(local.text)
        test = self.expression()
        self._locals.pop()
        self._require(")")
        return Macro(name.text, over, local.text, test, name.at)

    def _arguments(self, end: str) -> tuple[Node, ...]:
        parts: list[Node] = []
        while not self._accept(end):
            parts.append(self.expression())
            if not self._accept(","):
                self._require(end)
                break
        return tuple(parts)

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "string":
            return Literal(token.text, Kind.STRING, token.at)
        if token.kind in ("int", "double"):
            return self._number(token, 1)
        if token.kind == "name":
            return self._named(token)
        if token.text == "(" and token.kind == "sign":
            inner = self.expression()
            self._require(")")
            return inner
        if token.text == "[" and token.kind == "sign":
            return Items(self._arguments("]"), token.at)
        raise self._outside("Here a value is missing", token.at)

    def _number(self, token: Token, sign: int) -> Node:
        if token.kind == "double":
            value = sign * float(token.text)
            if value in (float("inf"), float("-inf")):
                raise self._outside("This number is too large", token.at)
            return Literal(value, Kind.DOUBLE, token.at)
        whole = sign * int(token.text, 16 if token.text[:2] in ("0x", "0X") else 10)
        if not -_MOST_INT - 1 <= whole <= _MOST_INT:
            raise self._outside("This number is too large", token.at)
        return Literal(whole, Kind.INT, token.at)

    def _named(self, token: Token) -> Node:
        if token.text in ("true", "false"):
            return Literal(token.text == "true", Kind.BOOL, token.at)
        if token.text in self._locals:
            return Local(token.text, token.at)
        if token.text in _ROOTS:
            return self._field(token)
        if token.text in _RESERVED or token.text in ("null", "in"):
            raise self._outside(f"{token.text} is not used in profiles", token.at)
        if self._accept("("):
            if token.text == "has":
                return self._has(token)
            return Call(token.text, self._arguments(")"), False, token.at)
        raise self._outside(f"There is no {token.text}; there is item and declaration", token.at)

    def _field(self, root: Token) -> Node:
        if self._accept("."):
            name = self._take()
            if name.kind != "name":
                raise self._outside("Here the name of a field is missing", name.at)
        elif self._accept("["):
            name = self._take()
            if name.kind != "string":
                raise self._outside("A field is named by a text in brackets", name.at)
            self._require("]")
        else:
            raise self._outside(f"{root.text} as a whole cannot be asked", root.at)
        return Field(f"{root.text}.{name.text}", root.at)

    def _has(self, token: Token) -> Node:
        inner = self.expression()
        self._require(")")
        if not isinstance(inner, Field):
            raise self._outside("has() asks for a field of item or declaration", token.at)
        return Call("has", (inner,), False, token.at)
