"""The constructors of `LightCurves`, one for each shape in which light curves come."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklearn_astromer.lightcurves.arrays import flat_from_arrays, flat_from_grid
from sklearn_astromer.lightcurves.checks import check_flat
from sklearn_astromer.lightcurves.columns import check_band, find_columns, flat_from_frame
from sklearn_astromer.lightcurves.flat import Flat
from sklearn_astromer.lightcurves.nested import flat_from_nested
from sklearn_astromer.lightcurves.parquet import map_parquet, parquet_files, read_parquet
from sklearn_astromer.lightcurves.surveys.constructors import SurveyConstructors
from sklearn_astromer.lightcurves.surveys.registry import recognise

Curves = TypeVar("Curves", bound="Constructors")


class Constructors(SurveyConstructors):
    """The base of `LightCurves`: flat columns, and what makes them."""

    _flat: Flat

    def _store(self, flat: Flat) -> None:
        columns = {}
        for name, column in flat._asdict().items():
            if column is not None:
                column = np.asarray(column).view()
                column.flags.writeable = False
            columns[name] = column
        self.__dict__["_flat"] = Flat(**columns)

    @classmethod
    def _trusted(cls: type[Curves], flat: Flat) -> Curves:
        """Wrap columns that were checked before."""
        self = cls.__new__(cls)
        self._store(flat)
        return self

    @classmethod
    def from_arrays(
        cls: type[Curves],
        curves: Iterable[ArrayLike],
        *,
        ids: ArrayLike | None = None,
        band: ArrayLike | None = None,
        axis: int = 0,
        on_invalid: str = "raise",
    ) -> Curves:
        """Make a collection of one array per object.

        Parameters
        ----------
        curves : list, object array or Series of arrays of shape (n_i, 2) or (n_i, 3)
            Columns: time (days), magnitude, and optionally its error (of a DataFrame they are
            told by name, of a table of astropy or lightkurve by name and unit); or an array of
            shape (n_objects, L, 2 or 3) padded with rows of NaN.
        axis : {0, 1}
            Which axis of an array is that of the observations. 1 reads collections of aeon,
            (2 or 3, n_i) or (n_objects, 2 or 3, L), whose channels are time, magnitude and error.
        ids, band, on_invalid
            As for `LightCurves`; the index of a Series gives the ids.

        Returns
        -------
        LightCurves

        Raises
        ------
        TypeError, ValueError
            As for `LightCurves`, and if an item does not have 2 or 3 columns.
        """
        flat = flat_from_arrays(curves, ids, band, axis)
        return cls._trusted(check_flat(flat, on_invalid=on_invalid, unique=ids is not None))

    @classmethod
    def from_grid(
        cls: type[Curves],
        mag: ArrayLike,
        time: ArrayLike | None = None,
        *,
        ids: ArrayLike | None = None,
    ) -> Curves:
        """Make a collection of magnitudes on a common time grid.

        Parameters
        ----------
        mag : array-like or DataFrame of shape (n_objects, n_times)
            Magnitudes, NaN = not observed.
        time : array-like of shape (n_times,), optional
            Times in days; default 0, 1, 2, …
        ids : array-like of shape (n_objects,), optional
            Names; default: the index of a DataFrame, else positions.

        Returns
        -------
        LightCurves

        Raises
        ------
        ValueError
            As for `LightCurves`; if an object has no magnitude at all, or shapes disagree.
        """
        flat = flat_from_grid(mag, time, ids)
        return cls._trusted(check_flat(flat, unique=ids is not None))

    @classmethod
    def from_frame(
        cls: type[Curves],
        frame: pd.DataFrame,
        *,
        id: str | None = None,
        time: str | None = None,
        mag: str | None = None,
        mag_err: str | None = None,
        band_column: str | None = None,
        band: Any = None,
        on_invalid: str = "raise",
    ) -> Curves:
        """Make a collection of a long table, one row per observation.

        A table that one of the surveys of `read` fits is read by its rules.

        Parameters
        ----------
        frame : DataFrame
            Rows in any order; objects keep the order in which they first appear. An id may be
            the (named) index.
        id, time, mag, mag_err, band_column : str, optional
            Columns; by default recognised by name (``mjd``, ``hmjd``, ``psfMag``, ``magerr``,
            ``oid``, ``diaObjectId`` …), whatever the case.
        band : optional
            The band to keep. Needed where the table holds several. Objects that were not observed
            in it have no row: match labels by `ids`.
        on_invalid : {"raise", "drop"}, default="raise"
            As for `LightCurves`.

        Returns
        -------
        LightCurves

        Raises
        ------
        TypeError, ValueError
            As for `LightCurves`; if a column is missing or ambiguous, or several bands are
            present and none is chosen.

        Examples
        --------
        >>> import pandas as pd
        >>> from sklearn_astromer import LightCurves
        >>> frame = pd.DataFrame({"oid": [7, 7, 8], "hmjd": [2.0, 1.0, 5.0], "mag": [14.1, 14, 16]})
        >>> LightCurves.from_frame(frame)[0]
        array([[ 1. , 14. ],
               [ 2. , 14.1]])
        """
        if not isinstance(frame, pd.DataFrame):
            kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
            raise TypeError(
                f"from_frame takes a pandas DataFrame, got {kind}: LightCurves.read takes those of "
                "polars, Arrow and astropy; those of Dask have .compute()"
            )
        in_index = [n for n in frame.index.names if n is not None and n not in frame.columns]
        if in_index:
            frame = frame.reset_index(in_index)
        given = {"id": id, "time": time, "mag": mag, "mag_err": mag_err, "band": band_column}
        if not any(given.values()) and recognise(
            frozenset(str(name).lower() for name in frame.columns)
        ):
            curves = cls.read(frame, band=band, on_invalid=on_invalid)
            if curves._flat.band is not None:
                check_band(list(np.unique(curves._flat.band)), "band", band)
            return curves
        columns = find_columns(frame.columns, given)
        flat = flat_from_frame(frame, columns, band)
        return cls._trusted(check_flat(flat, on_invalid=on_invalid, unique=True))

    @classmethod
    def from_nested(
        cls: type[Curves],
        column: Any,
        *,
        time: str | None = None,
        mag: str | None = None,
        mag_err: str | None = None,
        flux: str | None = None,
        flux_err: str | None = None,
        zero_point: float | str | None = None,
        band_column: str | None = None,
        band: Any = None,
        ids: ArrayLike | None = None,
        on_invalid: str = "raise",
    ) -> Curves:
        """Make a collection of a nested column, one row per object.

        Fields that tell one of the surveys of `read`, such as ``psfFlux`` of Rubin, are read by its
        rules; what these leave out is counted by a warning.

        Parameters
        ----------
        column : Series, DataFrame of one column, pyarrow Array or ChunkedArray
            Of nested-pandas (``frame["lightcurve"]``), or of Arrow lists of structs or structs of
            lists. A missing row is an object without observations.
        time, mag, mag_err, band_column : str, optional
            Fields; by default recognised by name, as in `from_frame`. Where one is given, no
            survey's rules are used.
        flux, flux_err : str, optional
            Fields of fluxes in place of magnitudes, which become asinh magnitudes.
        zero_point : float or str, optional
            Magnitude of flux 1, or the field that holds it. None: 0.
        band : optional
            The band to keep. Needed where the column holds several.
        ids, on_invalid
            As for `LightCurves`, but of fluxes and surveys observations without a value are always
            left out; the index of a Series gives the ids. ``"drop"`` also takes out
            the objects that were not observed in `band`.

        Returns
        -------
        LightCurves

        Raises
        ------
        TypeError, ValueError
            As for `LightCurves` and `from_frame`; if `column` is not nested, or the lists of an
            object differ in length.

        Warns
        -----
        UserWarning
            As `read`, for fluxes and surveys.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from sklearn_astromer import LightCurves
        >>> column = pa.array(
        ...     [{"hmjd": [1.0, 3.0], "mag": [15.2, 15.4]}, {"hmjd": [2.0], "mag": [9.1]}]
        ... )
        >>> LightCurves.from_nested(column)
        LightCurves(3 observations of 2 objects, 1 to 2 each)
        """
        given = {
            **{"time": time, "mag": mag, "mag_err": mag_err, "band": band_column},
            **{"flux": flux, "flux_err": flux_err, "zero_point": zero_point},
        }
        flat = flat_from_nested(column, given, band, ids, on_invalid)
        return cls._trusted(check_flat(flat, on_invalid=on_invalid, unique=ids is not None))

    @classmethod
    def from_parquet(
        cls: type[Curves],
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        id: str | None = None,
        time: str | None = None,
        mag: str | None = None,
        mag_err: str | None = None,
        band_column: str | None = None,
        band: Any = None,
        on_invalid: str = "raise",
    ) -> Curves:
        """Read Parquet: a long table, or one row per object with list columns.

        Only the columns needed are read. Needs pyarrow (``pip install sklearn_astromer[parquet]``).

        Parameters
        ----------
        path : path, folder of ``*.parquet``, or list of paths
            Of a HATS catalog its ``dataset``. Folders called ``band=g``, as Spark and pandas write
            them, are a column.
        id, time, mag, mag_err, band_column, band, on_invalid
            As for `from_frame`. Rows of list columns have one band each, so there several bands
            may stay together.

        Returns
        -------
        LightCurves

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        TypeError, ValueError
            As for `from_frame`, and if a file is not readable as Parquet.
        """
        given = {"id": id, "time": time, "mag": mag, "mag_err": mag_err, "band": band_column}
        flat = read_parquet(parquet_files(path), given, band)
        return cls._trusted(check_flat(flat, on_invalid=on_invalid, unique=True))

    @classmethod
    def open_parquet(
        cls: type[Curves],
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        id: str | None = None,
        time: str | None = None,
        mag: str | None = None,
        mag_err: str | None = None,
        band_column: str | None = None,
        band: Any = None,
        on_invalid: str = "raise",
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> Curves:
        """Open Parquet that is larger than memory: its columns are memory-mapped.

        Parquet is compressed and cannot be mapped itself, so it is decoded once, one row group at
        a time, into flat files (24 bytes per observation), and mapped from there; the next call
        finds them by the path, time stamp and size of the Parquet.

        Parameters
        ----------
        path, id, time, mag, mag_err, band_column, band, on_invalid
            As for `from_parquet`. A long table must hold the rows of one object together.
        cache_dir : path, optional
            Folder of the decoded files; default ``$SKLEARN_ASTROMER_HOME/mapped`` or the user's
            cache. Remove it at any time.

        Returns
        -------
        LightCurves
            With the same content as `from_parquet`; only ids and offsets are in memory.

        Raises
        ------
        FileNotFoundError, TypeError, ValueError
            As for `from_parquet`; also if the rows of an object are scattered.
        """
        given = {"id": id, "time": time, "mag": mag, "mag_err": mag_err, "band": band_column}
        return cls._trusted(map_parquet(parquet_files(path), given, band, on_invalid, cache_dir))
