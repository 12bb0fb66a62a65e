"""Values of one column as numbers, names or moments, however a new table happens to write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from trainwell.data.frames.columns import DATES, MISSING

if TYPE_CHECKING:
    import polars as pl

Slashes = Literal["", "month/day", "day/month"]
_MONTHS = 12
NEARLY_ALL = 0.95  # share of the values of a column of text that must be numbers or dates to read it as such
_LARGEST = float(np.finfo(np.float32).max)
_FEW_NUMBERS = 20  # text with at most so many different numbers in it, and something else, may as well be codes
_SAMPLE = 200
_MONTH_FIRST = "%m/%d/%Y"
_SLASHES = r"^\s*(\d{1,2})/(\d{1,2})/\d{4}"


def as_numbers(values: pl.Series) -> tuple[npt.NDArray[np.float64], int]:
    """Numbers of a column, float64 (rows,), NaN where there is none; and how many values are no numbers.

    Truth values are 0 and 1, times and durations are seconds. Infinite ones, and those too large for float32, are
    missing.

    >>> import polars as pl
    >>> as_numbers(pl.Series([" 3", "?", "four"]))[1]
    1
    """
    import polars as pl

    values = _without_missing(values)
    if values.dtype == pl.Duration:
        numbers = values.dt.total_microseconds().cast(pl.Float64) / 1e6
    elif values.dtype == pl.Time:
        numbers = values.cast(pl.Int64).cast(pl.Float64) / 1e9
    elif values.dtype.is_temporal() or values.dtype.is_nested():
        numbers = pl.Series(values.name, [None] * len(values), dtype=pl.Float64)
    else:
        numbers = values.cast(pl.Float64, strict=False)
    strange = numbers.null_count() - values.null_count()
    found = np.array(numbers.to_numpy(), np.float64)
    found[~(np.abs(found) <= _LARGEST)] = np.nan
    return found, strange


def as_names(values: pl.Series) -> pl.Series:
    """Names of a column, text without blanks around it, null where there is none; truth values are true and false.

    >>> import polars as pl
    >>> as_names(pl.Series([" oak", "NA", "elm "])).to_list()
    ['oak', None, 'elm']
    """
    import polars as pl

    values = _without_missing(values)
    if values.dtype.is_nested() or isinstance(values.dtype, pl.Object | pl.Binary):
        return pl.Series(values.name, [None if v is None else str(v) for v in values.to_list()], dtype=pl.String)
    return values.cast(pl.String)


def as_moments(values: pl.Series, *, day_first: bool = False) -> tuple[pl.Series, int]:
    """Dates and times of a column, in microseconds and without zone, null where there is none; how many are no dates.

    Text is read as the tables are: 2020-03-04, 2020/3/4, 2020年3月4日, 4.3.2020, 3/4/2020, 4/3/2020 (in this order, the
    first that fits all values, else for each value the first that fits it), with or without hours and minutes.

    Args:
        values: of any type.
        day_first: 3/4/2020 is in April: day/month/year is tried before month/day/year.

    >>> import polars as pl
    >>> as_moments(pl.Series(["2020-03-04", "13/4/2020 08:30", "soon"]))
    (shape: (3,)
    Series: '' [datetime[μs]]
    [
        2020-03-04 00:00:00
        2020-04-13 08:30:00
        null
    ], 1)
    """
    import polars as pl

    values = _without_missing(values)
    kind = pl.Datetime("us")
    if values.dtype == pl.String:
        moments = _written_moments(values, kind, day_first=day_first)
    elif values.dtype == pl.Datetime:
        moments = values.dt.replace_time_zone(None).cast(kind)
    elif values.dtype == pl.Date:
        moments = values.cast(kind)
    else:
        moments = pl.Series(values.name, [None] * len(values), dtype=kind)
    return moments, moments.null_count() - values.null_count()


def ambiguous_date(values: pl.Series) -> str | None:
    """The first value that may be read as month/day/year or as day/month/year, or None."""
    import polars as pl

    if values.dtype != pl.String:
        return None
    one, two = _around_slash(values)
    found = values.filter((one <= _MONTHS) & (two <= _MONTHS) & (one != two))
    return str(found[0]).strip() if len(found) else None


def slashes(written: pl.Series, moments: pl.Series) -> Slashes:
    """How dates such as 3/4/2020 were read.

    Args:
        written: as they stand in the file.
        moments: what they were read as, dates or times.

    Returns:
        "" if there are no such dates.

    >>> import polars as pl
    >>> slashes(pl.Series(["3/4/2020"]), pl.Series(["2020-04-03"]).str.to_date())
    'day/month'
    """
    one, two = _around_slash(written)
    decisive = (one != two).fill_null(value=False) & moments.is_not_null()
    if not decisive.any():
        return ""
    return "day/month" if bool((moments.dt.day() == one).filter(decisive)[0]) else "month/day"


def _around_slash(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The first and second number of dates with slashes; null for others."""
    import polars as pl

    one, two = (values.str.extract(_SLASHES, group).cast(pl.Int8) for group in (1, 2))
    return one, two


def mostly(values: pl.Series) -> str | None:
    """What nearly all values of a column of text are: "number", "date", or None if they are names."""
    import polars as pl

    if values.dtype != pl.String:
        return None
    known = as_names(values).drop_nulls()
    head = known.head(_SAMPLE)
    if not len(known):
        return None
    if float((head.cast(pl.Float64, strict=False).is_not_null()).sum()) >= NEARLY_ALL * len(head):
        numbers = known.cast(pl.Float64, strict=False).drop_nulls()
        enough = len(numbers) == len(known) or numbers.n_unique() > _FEW_NUMBERS
        return "number" if enough and len(numbers) >= NEARLY_ALL * len(known) else None
    if float(head.str.contains(r"^\d{1,4}[-/.年]\d").sum()) >= NEARLY_ALL * len(head):
        return "date" if as_moments(known)[1] <= (1 - NEARLY_ALL) * len(known) else None
    return None


def _without_missing(values: pl.Series) -> pl.Series:
    """Text without blanks around it, and null for what says that there is no value."""
    import polars as pl

    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    if values.dtype != pl.String:
        return values.fill_nan(None) if values.dtype.is_float() else values
    plain = values.str.strip_chars()
    return plain.set(plain.is_in(MISSING).fill_null(value=False), None)


def _written_moments(values: pl.Series, kind: pl.Datetime, *, day_first: bool) -> pl.Series:
    import polars as pl

    days, hours = DATES
    if day_first:
        days = sorted(days, key=lambda day: day == _MONTH_FIRST)
    ways = [
        *days,
        *(f"{day}{between}{hour}{zone}" for day in days for between in " T" for hour in hours for zone in ("", "Z")),
    ]
    nothing = pl.Series(values.name, [None] * len(values), dtype=kind)
    found, head = nothing, values.drop_nulls().head(_SAMPLE)
    for way in ways:
        exact = kind if "%H" in way else pl.Date
        if found.null_count() == values.null_count():
            break
        if len(values) > _SAMPLE and head.str.strptime(exact, way, strict=False).null_count() == len(head):
            continue  # a way of writing that none of the first values has is not looked for in millions
        read = values.str.strptime(exact, way, strict=False).cast(kind)
        if read.null_count() == values.null_count():
            return read
        found = found.zip_with(found.is_not_null(), read)
    return found
