"""Single numbers: exact where they are given exactly, floats otherwise, never NaN."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np

from mecbopt.errors import ProblemError

__all__ = [
    "boolean",
    "exact_nonnegative",
    "exact_number",
    "nonnegative_number",
    "positive_integer",
    "positive_number",
    "scalar",
]

#: Numerators and denominators beyond this are refused: one text such as "1e999999999" would fill the memory.
#: It leaves room for every float, the least of which is 2^-1074, and for 1,200 decimal digits.
MAX_BITS = 4096
_MAX_DIGITS = 1200
_FRACTION = re.compile(r"[+-]?[0-9]+/[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")
_INFINITE = ("inf", "+inf", "infinity", "+infinity")


def scalar(value: Any) -> Any:
    """The number in a numpy scalar or an array without axes (also torch's); anything else as it is."""
    single = getattr(value, "shape", None) == () and callable(getattr(value, "item", None))
    # What is masked, or on torch's meta device, holds no number.
    if single and not (np.ma.is_masked(value) or getattr(value, "is_meta", False)):
        # The item of a long double is a long double: no Python number holds it.
        return float(value) if isinstance(value, np.longdouble) else value.item()
    return value


def exact_number(name: str, value: Any, required: str) -> Fraction | float:
    """A number: a Fraction where it is given exactly, else a float, which may be infinite.

    Parameters
    ----------
    name, required : str
        The argument and what it must do, for the message.
    value : int, Fraction, Decimal, float, or a text such as "1/3", "0.25", "inf"

    Raises
    ------
    ProblemError
        No number, not a number (NaN), or more digits than are kept.
    """
    if type(value) is float and not math.isnan(value):
        return value  # asking abstract classes about it takes longer than all the rest
    number = scalar(value)
    if isinstance(number, str):
        number = _from_text(name, number, required)
    if isinstance(number, Decimal):
        number = _from_decimal(name, number, required)
    if isinstance(number, bool) or not isinstance(number, Real):
        raise ProblemError(argument=name, value=value, required=required, remedy="give a real number")
    if isinstance(number, Rational):
        number = Fraction(int(number.numerator), int(number.denominator))
        if max(number.numerator.bit_length(), number.denominator.bit_length()) > MAX_BITS:
            raise ProblemError(
                argument=name,
                value=value,
                required=required,
                remedy=f"give a float, or a number of at most {_MAX_DIGITS} digits",
            )
        return number
    number = float(number)
    if math.isnan(number):
        raise ProblemError(argument=name, value=value, required=required)
    return number


def _from_text(name: str, text: str, required: str) -> Fraction | float | Decimal:
    """A fraction, a decimal or infinity."""
    plain = text.strip()
    if len(plain) <= 2 * _MAX_DIGITS:
        plain = "/".join(part.strip() for part in plain.split("/"))
        if plain.lower() in _INFINITE:
            return math.inf
        if _FRACTION.fullmatch(plain):
            numerator, _, denominator = plain.partition("/")
            if int(denominator):
                return Fraction(int(numerator), int(denominator))
        elif _DECIMAL.fullmatch(plain):
            return Decimal(plain)
    raise ProblemError(
        argument=name,
        value=text,
        required=required,
        remedy='give a real number, or a text such as "1/3", "0.25" or "inf"',
    )


def _from_decimal(name: str, value: Decimal, required: str) -> Fraction | float:
    """The exact value, where its digits and its exponent can be kept."""
    if value.is_nan():
        return math.nan
    if value.is_infinite():
        return math.copysign(math.inf, -1 if value.is_signed() else 1)
    if value.is_zero():
        return Fraction(0)
    if len(value.as_tuple().digits) > _MAX_DIGITS or abs(value.adjusted()) > _MAX_DIGITS:
        raise ProblemError(
            argument=name,
            value=value,
            required=required,
            remedy=f"give at most {_MAX_DIGITS} digits, and no exponent beyond that",
        )
    try:
        return Fraction(value)
    except InvalidOperation as error:  # pragma: no cover - a context with traps of its own
        raise ProblemError(argument=name, value=value, required=required) from error


def exact_nonnegative(
    name: str, value: Any, unit: str = "bits", allow_infinity: bool = True
) -> Fraction | float:
    """A number >= 0 as it was given; infinity where allowed, never NaN, never beyond the floats."""
    required = f"be {'0 or more' if allow_infinity else 'finite and 0 or more'}, in {unit}"
    number = exact_number(name, value, required)
    if number < 0 or (number == math.inf and not allow_infinity):
        raise ProblemError(argument=name, value=value, required=required)
    try:
        float(number)
    except OverflowError as error:
        remedy = "give math.inf for no limit" if allow_infinity else "give a smaller number"
        raise ProblemError(argument=name, value=value, required=required, remedy=remedy) from error
    return number


def nonnegative_number(name: str, value: Any, unit: str = "bits", allow_infinity: bool = True) -> float:
    """A number >= 0 as a float; infinity where allowed, never NaN."""
    return float(exact_nonnegative(name, value, unit, allow_infinity))


def positive_number(name: str, value: Any, unit: str) -> float:
    """A number > 0, never NaN; infinity counts as no limit."""
    required = f"be positive, in {unit}"
    number = exact_number(name, value, required)
    if not number > 0:
        raise ProblemError(argument=name, value=value, required=required)
    try:
        return float(number)
    except OverflowError:
        return math.inf  # no limit either


def positive_integer(name: str, value: Any, minimum: int = 1) -> int:
    """An integer of at least `minimum`."""
    if type(value) is int and value >= minimum:
        return value
    number = scalar(value)
    if isinstance(number, bool) or not isinstance(number, Integral) or number < minimum:
        raise ProblemError(argument=name, value=value, required=f"be an integer of at least {minimum}")
    return int(number)


def boolean(name: str, value: Any) -> bool:
    """True or False, also numpy's."""
    number = scalar(value)
    if not isinstance(number, bool):
        raise ProblemError(argument=name, value=value, remedy="give True or False")
    return number
