"""Metric math over series of equal length, in which None is a missing value. Pure."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence

Series = list[float | None]
Value = float | Series | list[Series]


class Unsupported(ValueError):
    """An expression that this evaluator does not know."""


_BINARY: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_EACH: Mapping[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
    "LOG": math.log,
    "LOG10": math.log10,
}
_ACROSS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
_WORDS = ((r"\bAND\b|&&", " and "), (r"\bOR\b|\|\|", " or "), (r"\bNOT\b", " not "), (r"\^", "**"))


def evaluate(expression: str, series: Mapping[str, Series], length: int) -> Series:
    """The series of an expression over others by their ids; raises `Unsupported`."""
    text = expression.strip()
    for pattern, replacement in _WORDS:
        text = re.sub(pattern, replacement, text)
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise Unsupported(f"expression {expression!r} can't be read") from error
    return _spread(_Evaluator(series, length).visit(tree), length)


class _Evaluator:
    def __init__(self, series: Mapping[str, Series], length: int) -> None:
        self._series = series
        self._length = length

    def visit(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self._series:
                return self._series[name]
            case ast.BinOp(left=left, op=op, right=right):
                return self._pairs(_BINARY[type(op)], left, right)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._each(operator.neg, operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._each(lambda value: float(not value), operand)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                test = _COMPARE[type(op)]
                return self._pairs(lambda a, b: float(test(a, b)), left, right)
            case ast.BoolOp(op=op, values=values):
                return self._logic(op, values)
            case ast.List(elts=entries):
                return [_spread(self.visit(entry), self._length) for entry in entries]
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        raise Unsupported(f"{ast.unparse(node)} is not supported here")

    def _call(self, name: str, arguments: list[ast.expr]) -> Value:
        if name == "METRICS":
            return list(self._series.values())
        if name in _EACH:
            return self._each(_EACH[name], arguments[0])
        if name in _ACROSS:
            return self._across(_ACROSS[name], arguments)
        if name == "FILL":
            return self._fill(arguments)
        if name == "IF":
            return self._choose(arguments)
        raise Unsupported(f"{name} is not supported here")

    def _one(self, node: ast.expr) -> Series:
        return _spread(self.visit(node), self._length)

    def _each(self, function: Callable[[float], float], node: ast.expr) -> Series:
        return [_safely(function, value) for value in self._one(node)]

    def _pairs(
        self, function: Callable[[float, float], float], left: ast.expr, right: ast.expr
    ) -> Series:
        both = zip(self._one(left), self._one(right), strict=True)
        return [_safely(function, a, b) for a, b in both]

    def _logic(self, op: ast.boolop, nodes: list[ast.expr]) -> Series:
        columns = zip(*(self._one(node) for node in nodes), strict=True)
        combine = all if isinstance(op, ast.And) else any
        return [
            None if None in values else float(combine(bool(value) for value in values))
            for values in columns
        ]

    def _across(
        self, function: Callable[[Sequence[float]], float], arguments: list[ast.expr]
    ) -> Value:
        value = self.visit(arguments[0])
        if isinstance(value, list) and value and isinstance(value[0], list):
            columns = zip(*value, strict=True)
            present = [[v for v in column if v is not None] for column in columns]
            return [function(values) if values else None for values in present]
        known = [v for v in _spread(value, self._length) if v is not None]
        return _spread(function(known) if known else None, self._length)

    def _fill(self, arguments: list[ast.expr]) -> Series:
        series = self._one(arguments[0])
        if isinstance(arguments[1], ast.Name) and arguments[1].id == "REPEAT":
            return _repeated(series)
        filling = self._one(arguments[1])
        return [b if a is None else a for a, b in zip(series, filling, strict=True)]

    def _choose(self, arguments: list[ast.expr]) -> Series:
        condition, yes = self._one(arguments[0]), self._one(arguments[1])
        no: Series = self._one(arguments[2]) if len(arguments) > 2 else [None] * self._length
        rows = zip(condition, yes, no, strict=True)
        return [None if test is None else (a if test else b) for test, a, b in rows]


def _repeated(series: Series) -> Series:
    last: float | None = None
    filled: Series = []
    for value in series:
        last = value if value is not None else last
        filled.append(last)
    return filled


def _spread(value: Value | None, length: int) -> Series:
    if isinstance(value, list):
        if value and isinstance(value[0], list):
            raise Unsupported("a list of series where one series is wanted")
        return [v for v in value if not isinstance(v, list)]
    return [value] * length


def _safely(function: Callable[..., float], *values: float | None) -> float | None:
    """The result, or a missing value where an operand is missing or it is not defined."""
    if None in values:
        return None
    try:
        return float(function(*values))
    except (ArithmeticError, ValueError):
        return None
