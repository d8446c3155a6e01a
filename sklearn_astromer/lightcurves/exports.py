"""What a collection becomes elsewhere: tables of pandas, Arrow, Parquet and astropy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._extras import import_extra
from sklearn_astromer._files import replacing
from sklearn_astromer.lightcurves.checks import check_unique, warn
from sklearn_astromer.lightcurves.flat import Flat, places_of
from sklearn_astromer.lightcurves.reading.tables import MARK


class Exports:
    """A base of `LightCurves`."""

    _flat: Flat

    def to_frame(self) -> pd.DataFrame:
        """Return a long table: object_id, time, mag, and mag_err and band where present."""
        flat = self._flat
        lengths = np.diff(flat.offsets)
        columns: dict[str, Any] = {
            "object_id": np.repeat(flat.ids, lengths),
            "time": flat.time,
            "mag": flat.mag,
        }
        if flat.mag_err is not None:
            columns["mag_err"] = flat.mag_err
        if flat.band is not None:
            columns["band"] = np.repeat(flat.band, lengths)
        return pd.DataFrame(columns)

    def to_arrow(self) -> Any:
        """Return a table of Arrow, one row per object.

        Returns
        -------
        pyarrow.Table
            ``object_id`` (int64 or string), ``band`` (string) where there are bands, and lists of
            float64: ``time`` (days), ``mag`` and, where there are any, ``mag_err`` (NaN where
            absent). polars, DuckDB and Hugging Face `datasets` also take the collection itself,
            as ``polars.DataFrame(curves)``, by Arrow's stream protocol.

        Raises
        ------
        ImportError
            If pyarrow is not installed.

        Examples
        --------
        >>> from sklearn_astromer import LightCurves
        >>> curves = LightCurves.from_arrays([[[1, 15.5]], [[2, 16], [3, 17]]])
        >>> curves.to_arrow().column("mag").to_pylist()
        [[15.5], [16.0, 17.0]]
        >>> LightCurves.read(curves.to_arrow()) == curves
        True
        """
        pa = import_extra("pyarrow", "parquet", "Arrow")
        flat = self._flat
        kind = pa.int64() if flat.ids.dtype.kind == "i" else pa.string()
        columns: dict[str, Any] = {"object_id": pa.array(flat.ids.tolist(), kind)}
        if flat.band is not None:
            columns["band"] = pa.array(flat.band.tolist(), pa.string())
        offsets = pa.array(flat.offsets)
        for name in ("time", "mag", "mag_err"):
            column = getattr(flat, name)
            if column is not None:
                columns[name] = pa.LargeListArray.from_arrays(offsets, pa.array(column))
        return pa.table(columns).replace_schema_metadata({MARK: b"1"})

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_parquet(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a Parquet file with a row per object, which `read` reads back exactly.

        Parameters
        ----------
        path : path
            Columns as of `to_arrow`.
        overwrite : bool
            Replace what is there, when the new file is whole.

        Raises
        ------
        FileExistsError
            If something is there, and `overwrite` was not asked for.
        ImportError
            If pyarrow is not installed.
        ValueError
            If an id is there twice in one band.
        """
        check_unique(self._flat)
        table = self.to_arrow()
        import pyarrow.parquet as pq

        with replacing(Path(path), overwrite=overwrite) as partial:
            pq.write_table(table, partial)

    def to_timeseries(self, key: Any) -> Any:
        """Return one light curve as a time series of astropy.

        Parameters
        ----------
        key : int or id
            A position, or the id of an object that has one light curve.

        Returns
        -------
        astropy.timeseries.TimeSeries
            ``time`` (MJD, the scale being unknown, "utc"), ``mag`` and ``mag_err`` in magnitudes.

        Raises
        ------
        ImportError
            If astropy is not installed.
        KeyError, IndexError
            If there is no such object.
        """
        units = import_extra("astropy.units", "astropy", "to_timeseries")
        from astropy.time import Time
        from astropy.timeseries import TimeSeries

        i = place_of(self._flat.ids, self._flat.band, key)
        one = self._flat.span(i, i + 1)
        series = TimeSeries(time=Time(one.time, format="mjd"))
        series["mag"] = one.mag * units.mag
        if one.mag_err is not None:
            series["mag_err"] = one.mag_err * units.mag
        series.meta["object_id"] = one.ids[0].item()
        if one.band is not None:
            series.meta["band"] = str(one.band[0])
        return series


def place_of(ids: NDArray[Any], band: NDArray[Any] | None, key: Any) -> int:
    """Return the position of one light curve, by its position or the id of its object.

    A number that is no position is an id.
    """
    n = len(ids)
    if isinstance(key, (int, np.integer)):
        if -n <= key < n:
            i = int(key) % n
            if ids.dtype.kind != "U" and key in ids and ids[i] != key:
                warn(
                    f"{key} is taken for a position, where object {ids[i]} is: for object {key} "
                    f"take curves.loc[[{key}]] first"
                )
            return i
        if ids.dtype.kind == "U" or key not in ids:
            raise IndexError(f"there is no object {key}: it is no id, and there are {n} objects")
    places = places_of(ids, key)
    if len(places) > 1:
        bands = "" if band is None else f" in bands {', '.join(band[places])}"
        raise KeyError(f"object {key!r} has {len(places)} light curves{bands}: pass a position")
    return int(places[0])
