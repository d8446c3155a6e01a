"""The catalogs of the command line: files of any kind, mapped, whole or piece by piece."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import check_flat, warn
from sklearn_astromer.lightcurves.columns import find_columns
from sklearn_astromer.lightcurves.parquet import (
    MAX_WARNINGS,
    _layout,
    _partition,
    is_list,
    open_parquet,
    parquet_files,
)
from sklearn_astromer.lightcurves.surveys.reading import read
from sklearn_astromer.lightcurves.surveys.recognising import ID_NAMES, Options
from sklearn_astromer.lightcurves.surveys.registry import SURVEYS, recognise
from sklearn_astromer.lightcurves.surveys.report import Report
from sklearn_astromer.lightcurves.surveys.sources import PARQUET, paths_of
from sklearn_astromer.lightcurves.surveys.survey import column_name, first_of

#: What is read at once: so many files and bytes, and of larger Parquet so many rows.
MOST_FILES = 1000
MOST_BYTES = 2**30
MOST_PARQUET_BYTES = 2**27
MOST_ROWS = 1_000_000
MOST_LIST_ROWS = 10_000

#: How messages that name keywords of Python read on the command line.
TRANSLATED = [
    (r"pass band_column='…'", "pass --columns band=…"),
    (r"survey='([^']+)'", r"--survey \1"),
    (r"\b(\w+)=(?=(, \w+=)* and --survey)", r"--columns \1=…"),
    (r"pass (\w+)='([^']+)'", r"pass --columns \1=\2"),
    (r"\(band_column=\)", "(--columns band=)"),
    (r"\((id|time|mag|mag_err|band)=\)", r"(--columns \1=)"),
    (r"or id=False if", "or --one-object if"),
    (r"choose it with band=…", "choose it with --band …"),
    (r"difference='scale'", "--difference scale"),
    (r"let LightCurves\.from_…\(…, on_invalid='drop'\) do it", "let --on-invalid drop do it"),
    (r"as from_frame does wherever they stand", "by sorting the table by its ids"),
]
REMARK = re.compile(r"(.*): (\d+) object\(s\), first (.*)", re.DOTALL)


class Group(NamedTuple):
    """What is read at once, and what messages call it."""

    source: Any
    label: str


class Catalog:
    """The catalog that a command was given.

    Attributes
    ----------
    files : list of Path
    options : Options
        What was asked for, as `LightCurves.read` has it.
    plain : bool
        Whether it is Parquet that `LightCurves.open_parquet` maps, of no survey.
    one_band : bool
        Whether `mapped` takes one of its bands at a time.
    report : Report
        What `pieces` has found so far.
    messages : list of str
        What its checks had to say.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.files = _files(args.catalog)
        self.options = _options(args)
        self.report = Report()
        self.messages: list[str] = []
        self.one_band = False
        self._parquet = all(map(_is_parquet, self.files))
        with self._translated():
            self.plain = self._parquet and self._is_plain()

    def mapped(self) -> LightCurves | None:
        """Map plain Parquet into memory; None: `pieces` reads this catalog."""
        if not self.plain:
            return None
        columns = self.options.columns
        names = {"band_column" if part == "band" else part: c for part, c in columns.items()}
        with self._translated():
            return LightCurves.open_parquet(
                self.files,
                **names,
                band=None if self.args.band is None else self._band(),
                on_invalid=self.args.on_invalid or "raise",
                cache_dir=self.args.cache_dir,
            )

    def whole(self) -> LightCurves:
        """Return all light curves: mapped, or in memory."""
        mapped = self.mapped()
        if mapped is not None:
            return mapped
        curves = LightCurves.concatenate(self.pieces())
        self.warn()
        return curves

    def pieces(self) -> Iterator[LightCurves]:
        """Read by the rules of surveys; groups of files, or rows of large Parquet, at a time."""
        wanted, present = self.options.band, set()
        # of a band that only other groups have, `read` would say that there is none
        options = self.options._replace(band=None)
        if self.plain:  # and so of no survey, however much its columns look like one
            options = options._replace(survey="columns")
        seen: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        on_invalid = getattr(self.args, "on_invalid", None) or "drop"
        for group in self._groups():
            with self._translated(group):
                flat, report = read(group.source, options)
                self._add(report, group)
                wanted = _spelled(wanted, report.survey)
                flat = check_flat(flat, on_invalid=on_invalid, warn=self.messages.append)
                curves = LightCurves._trusted(flat)
                if wanted is not None:
                    bands = np.full(len(curves), "") if curves.band is None else curves.band
                    present |= set(bands.tolist())
                    curves = curves[bands == wanted]
                seen = _unseen(curves, seen)
            yield curves
        if wanted is not None and wanted not in present:
            with self._translated():
                named = sorted(present - {""})
                raise ValueError(
                    f"there is no band {wanted!r}: there are {named}"
                    if named
                    else f"--band is {wanted!r}, and no column was recognised as the band"
                )

    def warn(self) -> None:
        """Warn of what was left out, once for all pieces."""
        if self.report.left_out or self.report.remarks:
            warn(str(self.report))
        for message in self.messages[:MAX_WARNINGS]:
            warn(message)
        if len(self.messages) > MAX_WARNINGS:
            warn(f"… and {len(self.messages) - MAX_WARNINGS} more such warnings")

    # -- plain Parquet ----------------------------------------------------------------------------

    def _is_plain(self) -> bool:
        asked = self.options
        default = Options(columns=asked.columns, band=asked.band)
        parts = {"flux", "flux_err", "zero_point"} & asked.columns.keys()
        if asked != default or parts or asked.columns.get("id") is False:
            return False
        with open_parquet(self.files[0]) as parquet:
            names = parquet.schema_arrow.names
        lowered = frozenset(map(column_name, names))
        if not _telling(asked.columns) and recognise(lowered):
            return False
        try:
            self.one_band = not _layout(self.files[0], asked.columns)[1]
        except ValueError:
            if asked.columns:
                return True  # which says what is wrong with them
            with contextlib.suppress(ValueError):
                find_columns(names, {}, ["time", "mag"])
                return False  # no id: a file may be an object
            return "flux" not in lowered
        return True

    def _band(self) -> str | int:
        """Return the band as the catalog has it: a number where those are numbers."""
        import pyarrow as pa

        with open_parquet(self.files[0]) as parquet:
            schema = parquet.schema_arrow
        column = find_columns(schema.names, self.options.columns, ["band"]).band
        if column is None or not pa.types.is_integer(schema.field(column).type):
            return str(self.args.band)
        if not self.args.band.lstrip("-").isdigit():
            raise ValueError(
                f"the bands in column {column!r} are numbers, --band is {self.args.band!r}"
            )
        return int(self.args.band)

    # -- pieces -----------------------------------------------------------------------------------

    def _groups(self) -> Iterator[Group]:
        sizes = [file.stat().st_size for file in self.files]
        if self._parquet and sum(sizes) > MOST_PARQUET_BYTES:
            with self._translated():
                column = self._id_column()
            if column is not None:
                yield from self._rows(column)
                return
        group: list[Path] = []
        size = 0
        for file, more in zip(self.files, sizes, strict=True):
            if group and (len(group) == MOST_FILES or size + more > MOST_BYTES):
                yield Group(group, str(group[0]))
                group, size = [], 0
            group.append(file)
            size += more
        yield Group(group, str(group[0]))

    def _id_column(self) -> str | None:
        """Return the column that names the objects of a Parquet file."""
        with open_parquet(self.files[0]) as parquet:
            names = {column_name(name): name for name in parquet.schema_arrow.names}
        given = self.options.columns.get("id")
        if given is not None:
            return None if given is False else names.get(str(given).lower())
        known = tuple(s for s in SURVEYS if s.name == self.options.survey)
        if self.options.survey == "auto" and not _telling(self.options.columns):
            known = recognise(frozenset(names))
        found = first_of(f"{known[0].id}|{ID_NAMES}" if known else ID_NAMES, names)
        return None if found is None else names[found]

    def _rows(self, column: str) -> Iterator[Group]:
        """Yield rows of Parquet files, those of an object together."""
        import pyarrow as pa

        carry: pd.DataFrame | None = None
        for file in self.files:
            with open_parquet(file) as parquet:
                schema = parquet.schema_arrow
                said = _partition(file, schema.names, {})
                lists = any(is_list(field.type) for field in schema)
                for batch in parquet.iter_batches(MOST_LIST_ROWS if lists else MOST_ROWS):
                    table = pa.Table.from_batches([batch])
                    frame = table.to_pandas(ignore_metadata=True).assign(**said)
                    if frame.empty:
                        continue
                    if lists:
                        yield Group(frame, str(file))
                        continue
                    if carry is not None:
                        frame = pd.concat([carry, frame], ignore_index=True)
                    last = (frame[column] == frame[column].iloc[-1]).to_numpy(dtype=bool)
                    carry = frame[last]
                    if not last.all():
                        yield Group(frame[~last], str(file))
        if carry is not None:
            yield Group(carry, str(self.files[-1]))

    def _add(self, other: Report, group: Group) -> None:
        """Add what was found in a group to the report."""
        report = self.report
        if report.survey and report.survey != other.survey:
            raise ValueError(
                f"{group.label} is of {other.survey}, and files before it are of "
                f"{report.survey}: read them apart"
            )
        report.survey, report.title = other.survey, other.title
        report.rows += other.rows
        for reason, n in other.left_out.items():
            report.left_out[reason] = report.left_out.get(reason, 0) + n
            report.first.setdefault(reason, other.first[reason])
        report.remarks = _summed([*report.remarks, *other.remarks])

    @contextlib.contextmanager
    def _translated(self, group: Group | None = None) -> Iterator[None]:
        """Let errors name the files, and speak of options."""
        try:
            yield
        except (TypeError, ValueError) as error:
            message = str(error)
            if group is not None:
                message = message.replace("this DataFrame", group.label)
            for pattern, text in TRANSLATED:
                message = re.sub(pattern, text, message)
            if not any(str(file) in message for file in self.files):
                names = list(map(str, self.args.catalog))
                named = ", ".join(names[:3]) + (f" … ({len(names)} paths)" if names[3:] else "")
                message = f"{named}: {message}"
            raise ValueError(message) from error


def _files(catalog: list[Path]) -> list[Path]:
    """Return the files that paths, folders and globs mean."""
    files: list[Path] = []
    for path in catalog:
        named = path.suffix.lower() in PARQUET and not set("*?[") & set(str(path))
        if named or (path.is_dir() and next(path.rglob("*.parquet"), None) is not None):
            files += parquet_files(path)
        elif (path / "collection.properties").exists():
            files += parquet_files(path)  # says which folder to give
        else:
            files += paths_of(path) or []
    return files


def _is_parquet(file: Path) -> bool:
    if file.suffix.lower() in PARQUET:
        return True
    with open(file, "rb") as opened:
        return opened.read(4) == b"PAR1"


def _options(args: argparse.Namespace) -> Options:
    """Return what was asked for, as `LightCurves.read` has it."""
    columns: dict[str, Any] = dict(args.columns)
    given = {"flux": args.flux, "zero_point": args.zero_point, "id": False if args.one else None}
    for part, value in given.items():
        if value is None:
            continue
        if part in columns:
            flag = "--one-object" if part == "id" else f"--{part.replace('_', '-')}"
            raise ValueError(f"{flag} and --columns {part}=… say the same part twice: give one")
        columns[part] = value
    if isinstance(columns.get("zero_point"), str):
        with contextlib.suppress(ValueError):
            columns["zero_point"] = float(columns["zero_point"])
    return Options(
        survey=args.survey,
        band=args.band,
        quality=not args.no_quality,
        difference=args.difference,
        columns=columns,
    )


def _telling(columns: dict[str, Any]) -> set[str]:
    """Return the given parts that tell how a table is read, whatever survey it is of."""
    return columns.keys() - {"id", "band"}


def _spelled(band: str | None, survey: str) -> str | None:
    """Return the name of a band that may be given as the survey numbers it."""
    known = [s.bands for s in SURVEYS if s.name == survey]
    return known[0].get(band, band) if known and band is not None else band


def _unseen(curves: LightCurves, seen: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Refuse an object of an earlier piece, whose curve is torn; return all seen, as hashes."""
    keys: dict[str, Any] = {"id": curves.ids.astype(str)}
    if curves.band is not None:
        keys["band"] = curves.band
    found = pd.util.hash_pandas_object(pd.DataFrame(keys), index=False).to_numpy(dtype=np.uint64)
    again = np.isin(found, seen)
    if again.any():
        raise ValueError(
            f"object {curves.ids[int(np.argmax(again))].item()!r} is in several places of a "
            "catalog too large to be read at once: sort it by its ids, or put the rows of an "
            "object into one file"
        )
    return np.concatenate([seen, found])


def _summed(remarks: list[str]) -> list[str]:
    """Join remarks that differ only in their counts."""
    counts: dict[str, tuple[int, str]] = {}
    others = []
    for remark in remarks:
        match = REMARK.fullmatch(remark)
        if match is None:
            others.append(remark)
            continue
        what, n, first = match.groups()
        before = counts.get(what, (0, first))
        counts[what] = (before[0] + int(n), before[1])
    summed = [f"{what}: {n} object(s), first {first}" for what, (n, first) in counts.items()]
    return [*summed, *dict.fromkeys(others)]
