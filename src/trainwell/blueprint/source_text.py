"""Python expressions laid out as Ruff and Black would: on one line if it fits, else one argument per line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_WIDTH = 88  # default line length of Ruff and Black
_INDENT = "    "


@dataclass(frozen=True)
class Plain:
    """Source text that is never broken over lines."""

    text: str


@dataclass(frozen=True)
class Brackets:
    """Something in brackets: a call, a list, a tuple or a dictionary.

    Attributes:
        head: what stands before the opening bracket; "" for a list.
        items: prefix ("units=", '"key": ' or "") and expression of each item.
        pair: opening and closing bracket.
        tail: what stands right behind the closing bracket, such as "(x)".
    """

    head: str
    items: tuple[tuple[str, Expression], ...]
    pair: str = "()"
    tail: str = ""


Expression = Plain | Brackets


def call(function: str, positional: Iterable[Expression] = (), **named: Expression) -> Brackets:
    """The call of a function: positional arguments first, then named ones.

    >>> lines(call("f", [Plain("1")], b=Plain("2")))
    ['f(1, b=2)']
    """
    return Brackets(function, (*(("", item) for item in positional), *((f"{k}=", v) for k, v in named.items())))


def arguments(positional: Iterable[Expression], named: Mapping[str, Expression]) -> str:
    """What stands behind a callable, brackets included, on one line.

    >>> arguments([Plain("x")], {"axis": Plain("1")})
    '(x, axis=1)'
    """
    return flat(call("f", positional, **named))[1:]


def literal(value: object) -> Plain:
    """A plain value as source text, strings in double quotes where Ruff would put them.

    >>> literal("relu"), literal(None), literal(0.001)
    (Plain(text='"relu"'), Plain(text='None'), Plain(text='0.001'))
    """
    text = repr(value)
    if isinstance(value, str) and text.startswith("'") and '"' not in text:
        text = f'"{text[1:-1]}"'
    if isinstance(value, float):
        text = re.sub(r"e([+-])0(\d)$", r"e\g<1>0\g<2>", text)
    return Plain(text)


def flat(expression: Expression) -> str:
    """The expression on one line."""
    if isinstance(expression, Plain):
        return expression.text
    inside = ", ".join(f"{prefix}{flat(item)}" for prefix, item in expression.items)
    lone = "," if expression.pair == "()" and not expression.head and len(expression.items) == 1 else ""
    return f"{expression.head}{expression.pair[0]}{inside}{lone}{expression.pair[1]}{expression.tail}"


def lines(
    expression: Expression, before: str = "", indent: str = "", after: str = "", *, broken: bool = False
) -> list[str]:
    r"""The lines of `before` + expression + `after`, at most 88 characters wide where it can be.

    Args:
        expression: what to lay out.
        before: text in front of it on its first line, such as "model = ".
        indent: of the first line.
        after: text behind it on its last line, such as ",".
        broken: put one item per line even if one line would do.

    >>> print("\n".join(lines(call("f", [Plain("a" * 50), Plain("b" * 50)]), "x = ")))  # doctest: +ELLIPSIS
    x = f(
        aaa...,
        bbb...,
    )
    """
    one = f"{indent}{before}{flat(expression)}{after}"
    if isinstance(expression, Plain) or not expression.items or (len(one) <= _WIDTH and not broken):
        return [one]
    result = [f"{indent}{before}{expression.head}{expression.pair[0]}"]
    for prefix, item in expression.items:
        layers = broken and isinstance(item, Brackets) and item.pair == "[]"
        result += lines(item, prefix, indent + _INDENT, ",", broken=layers)
    return [*result, f"{indent}{expression.pair[1]}{expression.tail}{after}"]
