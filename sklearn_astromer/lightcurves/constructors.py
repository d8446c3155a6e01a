"""The doors into `LightCurves`, one for each kind of input."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_astromer.lightcurves.arrays import flat_from_arrays, flat_from_grid
from sklearn_astromer.lightcurves.checks import check_flat, warn
from sklearn_astromer.lightcurves.flat import Flat
from sklearn_astromer.lightcurves.flux import asinh_magnitudes
from sklearn_astromer.lightcurves.reading.aligned import in_rows, read_nested
from sklearn_astromer.lightcurves.reading.mapped import mapped
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.reader import read
from sklearn_astromer.lightcurves.reading.report import Report

logger = logging.getLogger(__name__)


class Constructors:
    """The base of `LightCurves`: flat columns, and what makes them."""

    _flat: Flat
    report: Report | None

    def _store(self, flat: Flat, report: Report | None = None) -> None:
        """Hold columns that nobody can change."""
        held = {k: np.asarray(v).view() for k, v in flat._asdict().items() if v is not None}
        for column in held.values():
            column.flags.writeable = False
        self.__dict__["_flat"] = flat._replace(**held)
        self.__dict__["report"] = report

    @classmethod
    def _trusted(cls, flat: Flat, report: Report | None = None) -> Self:
        """Wrap columns that were checked before."""
        self = cls.__new__(cls)
        self._store(flat, report)
        return self

    @classmethod
    def _told(cls, flat: Flat, report: Report) -> Self:
        """Wrap columns that were read, and warn of what is worth it."""
        logger.info("%s", report)
        if report.worth_a_warning():
            warn(str(report))
        return cls._trusted(flat, report)

    @classmethod
    def read(
        cls,
        source: Any,
        survey: str = "auto",
        *,
        band: Any = None,
        quality: bool = True,
        rules: Mapping[str, Any] | None = None,
        limits: str = "drop",
        difference: str = "raise",
        id_from: str | Callable[[str], Any] = "stem",
        id: Any = None,
        time: Any = None,
        mag: Any = None,
        mag_err: Any = None,
        flux: Any = None,
        flux_err: Any = None,
        zero_point: float | str | None = None,
        band_column: Any = None,
        on_invalid: str = "drop",
        on_error: str = "raise",
        progress: bool = False,
    ) -> Self:
        r"""Read files and tables, by the rules of their survey or by the names of their columns.

        Times become MJD, fluxes asinh magnitudes. Rows that the survey flags as bad, upper limits,
        sentinels such as 99.99 and rows without a value are left out, and one warning counts them
        by reason. The surveys and their rules are in :doc:`/guide/surveys/index`.

        Parameters
        ----------
        source : path, glob, folder, list of paths, open file or table
            CSV, text, Parquet, JSON, FITS, VOTable, ECSV, IPAC, tables of the AAS, and gzip or zip
            of these; of a HATS catalog its folder. Or a table of pandas, polars, Arrow or astropy.
            A row is an observation, or an object with its observations in lists or a nested column.
            Folders called ``band=g`` are a column; bands may have a column each (``Vmag``, ``g``).
        survey : str
            ``"auto"`` recognises it by the columns. A name of the registry, or ``"columns"`` to
            read the columns by their names alone.
        band : optional
            The band to keep. None: a row per object and band.
        quality : bool
            Leave out rows that the survey flags as bad.
        rules : dict of str to object, optional
            Rules by the names that the report prints (what stands before a colon, or the column, is
            enough): None switches one off, as in ``{"catflags": None}``, anything else is its new
            limit. Of a column without a rule, the value of good rows, or several: ``{"ok": 1}``.
        limits : {"drop", "raise"}
            What to do with upper limits.
        difference : {"raise", "scale"}
            ``"scale"`` takes fluxes of difference images in units of their deviation, for encoders
            with `scaled_inputs`.
        id_from : {"stem", "parent"} or callable
            Where a file is an object: its name without ending, the name of its folder, or what a
            function makes of its path.
        id, time, mag, mag_err, flux, flux_err, band_column : str or int, optional
            Columns, each in place of that of the survey; of a file without a header their numbers,
            from 1. ``id=False``: all rows are of one object.
        zero_point : float or str, optional
            Magnitude of flux 1, or the column that holds it. None: that of the survey or of the
            unit, else 0.
        on_invalid : {"drop", "raise"}
            What to do with rows without a time or a brightness, and objects without rows.
        on_error : {"raise", "skip"}
            What to do with a file that cannot be read. ``"skip"`` counts it in the report.
        progress : bool
            Show a progress bar over files.

        Returns
        -------
        LightCurves
            With a `report` of what was recognised and left out.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ImportError
            If the format needs astropy or pyarrow, and it is not installed.
        TypeError, ValueError
            If the table cannot be read, fits several surveys or none, or holds brightnesses of
            difference images; and as for `LightCurves`.

        Warns
        -----
        UserWarning
            If rows are left out, objects look like several mixed up, or columns of flags, objects,
            bands or zero points are not there.

        Examples
        --------
        >>> import io
        >>> from sklearn_astromer import LightCurves
        >>> file = io.StringIO(
        ...     "oid,expid,hjd,mjd,mag,magerr,catflags,filtercode\n"
        ...     "7,1,2458001.5,58001.0,15.2,0.01,0,zg\n"
        ...     "7,2,2458002.5,58002.0,15.4,0.01,0,zg\n"
        ... )
        >>> curves = LightCurves.read(file)
        >>> curves
        LightCurves(2 observations of 1 objects, 2 to 2 each, band g)
        >>> curves.report.survey, curves.report.columns["mag_err"]
        ('ztf', 'magerr')
        """
        options = Options(
            survey=survey,
            band=band,
            quality=quality,
            rules=rules or {},
            limits=limits,
            difference=difference,
            id_from=id_from,
            columns={
                **{"id": id, "time": time, "mag": mag, "mag_err": mag_err, "band": band_column},
                **{"flux": flux, "flux_err": flux_err, "zero_point": zero_point},
            },
            on_invalid=on_invalid,
            on_error=on_error,
            progress=progress,
        )
        return cls._told(*read(source, options))

    @classmethod
    def open_parquet(
        cls,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        band_column: Any = None,
        cache_dir: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> Self:
        """Do what `read` does with files larger than memory: columns are memory-mapped.

        Parquet is compressed and cannot be mapped itself, so it is decoded once, in pieces, into
        flat files (24 bytes per observation). The next call finds them by the paths and the content
        of the files, and compares checksums: it reads both once, about a second for each GB.

        Parameters
        ----------
        path : path, folder or list of paths
            The rows of one object together, where there are more than about a million rows.
        cache_dir : path, optional
            Folder of the decoded files; default ``$SKLEARN_ASTROMER_HOME/mapped`` or the user's
            cache. Remove it at any time; another version of the package decodes anew.
        band_column, **options
            As for `read`.

        Returns
        -------
        LightCurves
            With the same content as `read`; only ids and offsets are in memory.

        Raises
        ------
        FileNotFoundError, TypeError, ValueError
            As for `read`; also if the rows of an object are scattered.
        """
        parts = ("id", "time", "mag", "mag_err", "flux", "flux_err", "zero_point")
        columns = {part: options.pop(part, None) for part in parts} | {"band": band_column}
        return cls._told(*mapped(path, Options(columns=columns, **options), cache_dir))

    @classmethod
    def from_nested(
        cls,
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
    ) -> Self:
        """Make a collection of a nested column: one object a row, in order, by the rules of `read`.

        Parameters
        ----------
        column : Series, DataFrame of one column, pyarrow Array or ChunkedArray
            Of nested-pandas (``frame["lightcurve"]``), or of Arrow lists of structs or structs of
            lists. A missing row is an object without observations.
        time, mag, mag_err, flux, flux_err, zero_point, band_column
            Fields, as the columns of `read`.
        band : optional
            The band to keep. Needed where a row holds several.
        ids : array-like, optional
            Names of the rows; None: the index of a Series, else positions.
        on_invalid : {"raise", "drop"}
            ``"raise"`` refuses observations without a value and rows without observations;
            ``"drop"`` leaves them out, so that labels must be matched by `ids`.

        Returns
        -------
        LightCurves

        Raises
        ------
        TypeError, ValueError
            As for `read`; if `column` is not nested, or the lists of an object differ in length.

        Warns
        -----
        UserWarning
            As `read`.

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
        columns: dict[str, Any] = {"time": time, "mag": mag, "mag_err": mag_err}
        columns |= {"flux": flux, "flux_err": flux_err, "zero_point": zero_point}
        columns["band"] = band_column
        options = Options(columns=columns, on_invalid=on_invalid)
        flat, report, names = read_nested(column, options, ids)
        return cls._told(in_rows(flat, report, names, band, options, ids is not None), report)

    @classmethod
    def from_arrays(
        cls,
        curves: Iterable[ArrayLike],
        *,
        ids: ArrayLike | None = None,
        band: ArrayLike | None = None,
        axis: int = 0,
        on_invalid: str = "raise",
    ) -> Self:
        """Make a collection of one array per object, as it is.

        Parameters
        ----------
        curves : list, object array or Series of arrays of shape (n_i, 2) or (n_i, 3)
            Columns: time (days), magnitude, and optionally its error; or an array of shape
            (n_objects, L, 2 or 3) padded with rows of NaN. Items that are tables, as of pandas,
            astropy and lightkurve, are read as `read` reads them, one object each.
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
        flat, report = flat_from_arrays(curves, ids, band, axis, on_invalid)
        return cls._trusted(flat) if report is None else cls._told(flat, report)

    @classmethod
    def from_grid(
        cls,
        mag: ArrayLike,
        time: ArrayLike | None = None,
        *,
        ids: ArrayLike | None = None,
    ) -> Self:
        """Make a collection of magnitudes on a common time grid.

        Parameters
        ----------
        mag : array-like or DataFrame of shape (n_objects, n_times)
            Magnitudes, NaN = not observed.
        time : array-like of shape (n_times,), optional
            Times in days; default: the columns of a DataFrame if they are numbers, else 0, 1, 2, …
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
        return cls._trusted(check_flat(flat_from_grid(mag, time, ids), unique=ids is not None))

    @classmethod
    def from_flux(
        cls,
        time: ArrayLike,
        flux: ArrayLike,
        flux_err: ArrayLike | None = None,
        *,
        offsets: ArrayLike,
        zero_point: ArrayLike = 0.0,
        ids: ArrayLike | None = None,
        band: ArrayLike | None = None,
        on_invalid: str = "raise",
    ) -> Self:
        """Make a collection of fluxes, as asinh magnitudes.

        Parameters
        ----------
        time : array-like of shape (n_observations,)
            Days.
        flux, flux_err : array-like of shape (n_observations,)
            In any unit, zero and below as well. Relative fluxes about 1 need no zero point.
        offsets : array-like of shape (n_objects + 1,)
            As for `LightCurves`.
        zero_point : float or array-like of shape (n_observations,)
            Magnitude of flux 1.
        ids, band, on_invalid
            As for `LightCurves`.

        Returns
        -------
        LightCurves

        Raises
        ------
        TypeError, ValueError
            As for `LightCurves`.

        References
        ----------
        Lupton, Gunn & Szalay 1999, AJ 118, 1406.

        Examples
        --------
        >>> from sklearn_astromer import LightCurves
        >>> curves = LightCurves.from_flux(
        ...     [1.0, 2.0, 3.0], [100.0, 50.0, -1.0], [2.0, 2.0, 2.0], offsets=[0, 3], zero_point=25
        ... )
        >>> curves.mag.round(2).tolist()
        [20.0, 20.75, 28.54]
        """
        mag, mag_err = asinh_magnitudes(flux, flux_err, zero_point, offsets=offsets)
        made: Any = cls
        return made(time, mag, mag_err, offsets=offsets, ids=ids, band=band, on_invalid=on_invalid)
