"""How numbers are written in reports: the one place that formats them.

What is not known is "–", what is not a number is "NaN"; the minus sign is a real one (−), a power of ten is ×10ⁿ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainwell.locales import Language, Text

UNKNOWN = "–"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MINUTES = Text(en="{minutes} min {seconds} s", zh="{minutes} 分 {seconds} 秒")
_HOURS = Text(en="{hours} h {minutes} min", zh="{hours} 小时 {minutes} 分")
_SECONDS = Text(en="{seconds} s", zh="{seconds} 秒")
_MILLISECONDS = Text(en="{milliseconds} ms", zh="{milliseconds} 毫秒")


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits at least, plain below ten million, else with a power of ten.

    >>> number(0.012345), number(-3.0), number(4.2e-7), number(43640.3), number(1.5e8), number(math.nan), number(None)
    ('0.0123', '−3', '4.2×10⁻⁷', '43,640', '1.5×10⁸', 'NaN', '–')
    """
    special = _special(value)
    if special is not None or value is None:
        return special or UNKNOWN
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e7:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        plain = f"{value:{',' if abs(value) >= 10_000 else ''}.{places}f}"
        return _signed(plain.rstrip("0").rstrip(".") if "." in plain else plain)
    return scientific(value, digits)


def scientific(value: float | None, digits: int = 2) -> str:
    """A number as mantissa and power of ten.

    >>> scientific(0.00123), scientific(2500.0), scientific(0.0), scientific(math.inf), scientific(1.0)
    ('1.2×10⁻³', '2.5×10³', '0', '∞', '1')
    """
    special = _special(value)
    if special is not None or value is None:
        return special or UNKNOWN
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = _signed(mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa)
    power = int(exponent)
    return mantissa if power == 0 else f"{mantissa}×10{str(power).translate(_SUPERSCRIPTS)}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 0..1 as a percentage; what is not quite none or all does not become 0% or 100%.

    >>> percent(0.978), percent(1.0), percent(0.99999), percent(0.0001), percent(0.0), percent(None)
    ('97.8%', '100%', '>99.9%', '<0.1%', '0%', '–')
    """
    special = _special(share)
    if special is not None or share is None:
        return special or UNKNOWN
    least = 0.1**digits / 100
    if 0 < share < least:
        return f"<{100 * least:.{digits}f}%"
    if 1 - least < share < 1:
        return f">{100 * (1 - least):.{digits}f}%"
    return _signed(f"{100 * share:.{digits}f}%" if share not in (0, 1) else f"{100 * share:.0f}%")


def count(value: int | None) -> str:
    """A whole number with its thousands apart.

    >>> count(1199882), count(None)
    ('1,199,882', '–')
    """
    return UNKNOWN if value is None else f"{value:,}".replace("-", "−")


def duration(seconds: float | None, language: Language) -> str:
    """A time span, as precise as it is of use.

    >>> duration(0.0123, "en"), duration(8.24, "en"), duration(83, "en"), duration(7384, "zh")
    ('12.3 ms', '8.2 s', '1 min 23 s', '2 小时 3 分')
    """
    special = _special(seconds)
    if special is not None or seconds is None:
        return special or UNKNOWN
    if seconds < 1:
        return _MILLISECONDS.format(milliseconds=number(1000 * seconds))[language]
    if seconds < 59.95:
        return _SECONDS.format(seconds=f"{seconds:.1f}")[language]
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return _MINUTES.format(minutes=minutes, seconds=rest)[language]
    hours, minutes = divmod(minutes, 60)
    return _HOURS.format(hours=hours, minutes=minutes)[language]


def megabytes(value: float | None) -> str:
    """An amount of memory given in MB (10⁶ bytes).

    >>> megabytes(312.4), megabytes(12345.0), megabytes(None)
    ('312 MB', '12.3 GB', '–')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:.0f} MB" if value < 1000 else f"{value / 1000:.1f} GB"


def shape(sides: Sequence[int]) -> str:
    """The shape of an array; n is a side of any length (0 in `sides`).

    >>> shape((28, 28, 1)), shape((0, 12)), shape(())
    ('28×28×1', 'n×12', '–')
    """
    return "×".join(str(side) if side else "n" for side in sides) if sides else UNKNOWN


def metric(name: str, value: float | None) -> str:
    """The value of a metric: accuracies as percentages, all else as numbers.

    >>> metric("balanced_accuracy", 0.97), metric("val_loss", 0.0813)
    ('97.0%', '0.0813')
    """
    return percent(value) if name.endswith("accuracy") else number(value)


def _special(value: float | None) -> str | None:
    """What is written for a value that is not an ordinary number."""
    if value is None:
        return UNKNOWN
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return None


def _signed(text: str) -> str:
    return text.replace("-", "−")
