"""FITS, VOTable and other formats of astronomy, and the tables of astropy."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

import numpy as np
import pandas as pd

from sklearn_astromer._extras import import_extra
from sklearn_astromer.lightcurves.objects import LONGEST_UNIT
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.surveys.errors import errors_of
from sklearn_astromer.lightcurves.surveys.names import ZERO_POINTS
from sklearn_astromer.lightcurves.surveys.survey import JD, column_name

#: Arrays that a VOTable may declare whatever its size, and digits of their sizes.
LEAST_ARRAY, MOST_DIGITS = 2**16, 30
#: Julian Dates that TIMESYS of a VOTable has words for.
TIME_ORIGINS = {"mjd-origin": "2400000.5", "jd-origin": "0"}
OBJECT_KEYS = ("KEPLERID", "TICID", "TIC_ID", "TARGETID")


def read_astropy(content: bytes, kind: str, **options: Any) -> pd.DataFrame:
    """Read a format of `astropy.table.Table`.

    Raises
    ------
    ValueError
        Also if a VOTable says that its data are elsewhere, which astropy would fetch.
    """
    origins = _origins(content) if kind == "votable" else {}
    with _quiet():
        frame = of_astropy(_astropy_table().read(io.BytesIO(content), format=kind, **options))
    frame.attrs["origins"] = origins
    return frame


def _origins(content: bytes) -> dict[str, float]:
    """Return what to add to the times of a VOTable to get MJD, by the names of their columns.

    Raises
    ------
    ValueError
        If data of the VOTable are elsewhere, or cannot all be in the file.
    """
    most = max(8 * len(content), LEAST_ARRAY)  # a value has a bit or more
    systems: dict[str, float] = {}
    refers: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        element = name.rpartition(":")[2].upper()
        if element == "TIMESYS" and "timeorigin" in attributes:
            origin = attributes["timeorigin"].strip().lower()
            with contextlib.suppress(ValueError):  # of a word that is not known nothing is said
                zero = float(TIME_ORIGINS.get(origin, origin))
                systems[attributes.get("ID", "")] = JD + zero
        if element == "FIELD" and "ref" in attributes:
            refers[attributes.get("name", "")] = attributes["ref"]
        if element == "STREAM" and "href" in attributes:
            raise ValueError(
                f"the data of this VOTable are at {attributes['href']}, and only those in the file "
                "itself are read: get them, and save the table with its data"
            )
        sizes = [size for size in attributes.get("arraysize", "").split("x") if size.isdecimal()]
        if sum(map(len, sizes)) > MOST_DIGITS or math.prod(map(int, sizes)) > most:
            raise ValueError(
                f"column {attributes.get('name')!r} of this VOTable has "
                f"{'x'.join(sizes)[:MOST_DIGITS]} values a row, more than are in the file: correct "
                "its arraysize, or leave the column out"
            )

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError(f"not valid XML ({error})") from error
    return {name: systems[ref] for name, ref in refers.items() if ref in systems}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what astropy thinks of the units and names of a file to itself."""
    with warnings.catch_warnings():
        for module in ("units", "io"):
            warnings.filterwarnings("ignore", module=rf"astropy\.{module}")
        from astropy.utils.exceptions import AstropyWarning

        warnings.simplefilter("ignore", AstropyWarning)
        yield


def _astropy_table() -> Any:
    return import_extra("astropy.table", "astropy", "reading FITS, VOTable and ECSV").Table


def read_fits(content: bytes, options: Options) -> pd.DataFrame:
    """Read the table of a light curve, with what the header says of its times.

    Raises
    ------
    ValueError
        Also if several tables are of light curves, and of no survey, whose first is the best.
    """
    table = _astropy_table()
    from astropy.io import fits

    with _quiet(), fits.open(io.BytesIO(content)) as units:
        tables = [unit for unit in units if getattr(unit, "columns", None)]
        if not tables:
            raise ValueError("this FITS file has no table")
        known = [one for one in tables if options.known(one.columns.names)] or tables[:1]
        found = known[0]
        others = _refuse_several(units, known, options) if len(known) > 1 else ""
        # astropy writes its times as two numbers a row
        pairs = any(one.coord_type and found.data[one.name].ndim > 1 for one in found.columns)
        frame = of_astropy(table.read(found, astropy_native=pairs))
        frame.attrs["remarks"] = [(others,)] if others else []
        header = {**dict(units[0].header), **dict(found.header)}
    for key in OBJECT_KEYS:
        if header.get(key) and key.lower() not in frame.columns.str.lower():
            frame[key.lower()] = header[key]
    _epochs(frame, header)
    return frame


def _refuse_several(units: Any, known: list[Any], options: Options) -> str:
    """Refuse tables of which any may be meant; of a survey, return what is remarked."""
    called = [unit.name for unit in known]
    if len(set(called)) < len(called):  # or they have no names
        called = [units.index(unit) for unit in known]
    listed = ", ".join(map(repr, called))
    if options.surveys(frozenset(map(column_name, known[0].columns.names)), False):
        return f"of tables {listed} of light curves the first is read"
    raise ValueError(
        f"tables {listed} in it are all of light curves: read each by itself, as "
        f"LightCurves.read(astropy.table.Table.read(path, hdu={called[0]!r}))"
    )


def _epochs(frame: pd.DataFrame, header: dict[str, Any]) -> None:
    """Take the origin and the unit of times from a FITS header; what a column says goes before."""
    origins = frame.attrs.setdefault("origins", {})
    times = [n for n in frame if str(n).lower().startswith(("time", "t", "barytime", "bjd", "jd"))]
    unit = str(header.get("TIMEUNIT", "d")).strip().lower()
    seconds = unit in ("s", "sec", "seconds")
    zeros = _in_parts(header, ("TIMEZERI", "TIMEZERF", "TIMEZERO")) or 0.0
    zeros /= 86_400 if seconds else 1  # TIMEZERO is in the unit of the times
    known = JD if zeros > -JD else 0.0 if zeros else None
    for prefix, zero in (("MJDREF", 0.0), ("JDREF", JD), ("BJDREF", JD)):  # the last goes before
        told = _in_parts(header, (f"{prefix}I", f"{prefix}F", prefix))
        known = known if told is None else told + zero
    for name in times:
        if known is not None:
            origins.setdefault(name, known + zeros)
        if str(name).lower() != "time" or name in frame.attrs.get("kinds", ()):
            continue
        if seconds:
            frame[name] = frame[name] / 86_400
        else:
            frame.attrs["units"].setdefault(name, unit)


def _in_parts(header: dict[str, Any], keys: tuple[str, ...]) -> float | None:
    """Return what a header says as a whole number and a fraction, or as one; None: nothing."""
    known = [float(header[key]) for key in keys if key in header]
    return sum(known[:2]) if known else None


def of_astropy(table: Any) -> pd.DataFrame:
    """Return columns as plain numbers: times in days (MJD of dates), with the units of others.

    Cells of several values are lists.
    """
    from astropy import units
    from astropy.time import Time, TimeDelta

    columns: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    said: dict[str, str] = {}
    scales: dict[str, float] = {}
    known = {"time": units.day, "flux": units.Jy, "mag": units.mag}
    for name in table.colnames:
        column, unit = table[name], getattr(table[name], "unit", None)
        if getattr(column, "ndim", 1) > 2:  # images
            continue
        if isinstance(column, Time):
            column, kinds[name] = column.mjd, "date"
        elif isinstance(column, TimeDelta):
            column, kinds[name] = column.to_value("day"), "time"
        scale = 1.0
        if isinstance(unit, units.UnrecognizedUnit):  # as "BJD - 2457000, days"
            said[name] = str(unit)
        elif isinstance(unit, units.MagUnit):
            kinds[name] = "mag"
        elif isinstance(unit, units.UnitBase) and unit != units.dimensionless_unscaled:
            fits = [kind for kind, one in known.items() if unit.is_equivalent(one)]
            kinds[name] = fits[0] if fits else str(unit)
            scale = unit.to(known[fits[0]]) if fits else scale
            if kinds[name] == "time" and scale > LONGEST_UNIT:  # of a calendar, as decimal years
                kinds[name] = str(unit)
        values = _unmasked(column)
        columns[name] = values if scale == 1.0 or kinds.get(name) == "flux" else values * scale
        scales[name] = scale
    fluxes = [name for name, kind in kinds.items() if kind == "flux"]
    names = {str(name).lower(): name for name in columns}
    for flux in fluxes:
        for error in errors_of(str(flux).lower(), "flux", names):
            if names[error] in fluxes:  # in the unit of its flux
                columns[names[error]] = columns[names[error]] * scales[names[error]] / scales[flux]
                scales[names[error]] = scales[flux]
    frame = pd.DataFrame({name: _cells(values) for name, values in columns.items()})
    points = {flux: ZERO_POINTS["jy"] - 2.5 * math.log10(scales[flux]) for flux in fluxes}
    frame.attrs |= {"kinds": kinds, "units": said, "zero_points": points}
    return frame


def _cells(values: Any) -> Any:
    """Return a column of vectors as one of lists."""
    if values.ndim == 1 and values.dtype != object:
        return values
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    cells = [_unmasked(cell) if isinstance(cell, np.ndarray) else cell for cell in values]
    return pd.Series(cells, dtype=object)


def _unmasked(column: Any) -> Any:
    """Return plain values; masked ones are missing."""
    mask = np.asarray(getattr(column, "mask", False))
    values = getattr(column, "unmasked", column)
    array = np.asarray(getattr(values, "value", values))
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if not mask.any():
        return array
    if array.dtype.kind == "f":
        return np.where(mask, np.nan, array)
    array = array.astype(object)  # integers past 2^53 stay what they are
    array[mask] = None
    return array
