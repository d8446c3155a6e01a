"""The constructors of `LightCurves` for files of surveys and for fluxes."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from numpy.typing import ArrayLike

from sklearn_astromer.lightcurves.checks import check_flat, warn
from sklearn_astromer.lightcurves.flat import Flat
from sklearn_astromer.lightcurves.flux import asinh_magnitudes
from sklearn_astromer.lightcurves.surveys.reading import read
from sklearn_astromer.lightcurves.surveys.recognising import Options

logger = logging.getLogger(__name__)
Curves = TypeVar("Curves", bound="SurveyConstructors")


class SurveyConstructors(ABC):
    """A base of `LightCurves`."""

    @classmethod
    @abstractmethod
    def _trusted(cls: type[Curves], flat: Flat) -> Curves:
        """Return the container of checked columns."""

    @classmethod
    def read(
        cls: type[Curves],
        source: Any,
        survey: str = "auto",
        *,
        band: Any = None,
        quality: bool = True,
        limits: str = "drop",
        difference: str = "raise",
        id_from: str | Callable[[str], Any] = "stem",
        id: str | bool | None = None,
        time: str | None = None,
        mag: str | None = None,
        mag_err: str | None = None,
        flux: str | None = None,
        flux_err: str | None = None,
        zero_point: float | str | None = None,
        band_column: str | None = None,
        on_invalid: str = "drop",
        progress: bool = False,
    ) -> Curves:
        r"""Read the files and tables of surveys as their services deliver them.

        Times become MJD, fluxes asinh magnitudes. Rows that the survey flags as bad, upper limits,
        sentinels such as 99.99 and rows without a value are left out, and one warning counts them
        by reason. The surveys and their rules are in :doc:`/guide/surveys/index`.

        Parameters
        ----------
        source : path, glob, folder, list of paths, open file or table
            CSV, text, Parquet, FITS, VOTable, ECSV, IPAC, and gzip or zip of these; or a table of
            pandas, polars, Arrow or astropy, one row per observation, or lists of them.
        survey : str
            ``"auto"`` recognises it by the columns. A name of the registry, or ``"columns"`` to
            read the columns by their names alone.
        band : optional
            The band to keep. None: a row per object and band.
        quality : bool
            Leave out rows that the survey flags as bad.
        limits : {"drop", "raise"}
            What to do with upper limits.
        difference : {"raise", "scale"}
            ``"scale"`` takes fluxes of difference images in units of their deviation, for encoders
            with `scaled_inputs`.
        id_from : {"stem", "parent"} or callable
            Where a file is an object: its name without ending, the name of its folder, or what a
            function makes of its path.
        id, time, mag, mag_err, flux, flux_err, band_column : str, optional
            Columns, for tables that no survey fits; `id` and `band_column` also in place of those
            of a survey. ``id=False``: all rows are of one object.
        zero_point : float or str, optional
            Magnitude of flux 1, or the column that holds it. None: that of the column's unit, if
            it has one, else 0.
        on_invalid : {"raise", "drop"}
            As for `LightCurves`.
        progress : bool
            Show a progress bar over files.

        Returns
        -------
        LightCurves

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
        >>> LightCurves.read(file)
        LightCurves(2 observations of 1 objects, 2 to 2 each, band g)
        """
        columns = {
            **{"id": id, "time": time, "mag": mag, "mag_err": mag_err, "band": band_column},
            **{"flux": flux, "flux_err": flux_err, "zero_point": zero_point},
        }
        asked = Options(
            survey, band, quality, limits, difference, id_from, columns, progress=progress
        )
        flat, report = read(source, asked)
        logger.info("%s", report)
        if report.left_out or report.remarks:
            warn(str(report))
        return cls._trusted(check_flat(flat, on_invalid=on_invalid))

    @classmethod
    def from_flux(
        cls: type[Curves],
        time: ArrayLike,
        flux: ArrayLike,
        flux_err: ArrayLike | None = None,
        *,
        offsets: ArrayLike,
        zero_point: ArrayLike = 0.0,
        ids: ArrayLike | None = None,
        band: ArrayLike | None = None,
        on_invalid: str = "raise",
    ) -> Curves:
        """Make a collection of fluxes, as asinh magnitudes.

        Parameters
        ----------
        time : array-like of shape (n_observations,)
            Days.
        flux, flux_err : array-like of shape (n_observations,)
            In any unit; zero and negative fluxes are fine. Relative fluxes about 1 need no
            zero point.
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
        curves: Curves = made(
            time, mag, mag_err, offsets=offsets, ids=ids, band=band, on_invalid=on_invalid
        )
        return curves
