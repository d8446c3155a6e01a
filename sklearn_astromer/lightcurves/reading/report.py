"""What was recognised in a source, and what was left out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer._printable import printable
from sklearn_astromer.lightcurves.reading.remedies import Remedy, Writer, advice, in_python

MOST_REASONS, MOST_REMARKS, MOST_NAMES = 4, 3, 12
#: Why rows are left out that somebody asked to leave out.
OTHER_BANDS = "of other bands"
ERRORS = ("mag_err", "flux_err")


class Remark(NamedTuple):
    """What was kept and looks odd: how often, where first, and what would help."""

    text: str
    n: int = 0
    first: str = ""
    remedies: tuple[Remedy, ...] = ()

    def written(self, write: Writer = in_python) -> str:
        """Return it as text."""
        counted = f": {self.n}, the first in object {self.first}" if self.n else ""
        helps = f" ({advice(self.remedies, write)})" if self.remedies else ""
        return f"{self.text}{counted}{helps}"


@dataclass
class Report:
    """What `LightCurves.read` found in files and tables.

    Attributes
    ----------
    survey : str
        Name in the registry, or "columns" for tables recognised by the names of their columns.
    title : str
        What that is.
    columns : dict of str to str
        The column of each part (id, time, mag, mag_err, flux, flux_err, band); a part without one
        is not there.
    unused : list of str
        The other columns of the first table.
    rows : int
        Observations that were read, counted in each band where bands stand side by side.
    kept : int
        Those that the light curves have: ``rows == kept + sum(left_out.values())``.
    left_out : dict of str to int
        The others, by reason.
    first : dict of str to str
        The first object concerned, by reason.
    files : dict of str to dict
        Of several files, those of which something was left out, and their own counts by reason.
    skipped : dict of str to str
        Files that could not be read, with ``on_error="skip"``, and why.
    remarks : list of Remark
        What was kept and looks odd.
    """

    survey: str = ""
    title: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    rows: int = 0
    kept: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, int]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def count(
        self, reason: str, bad: NDArray[np.bool_], name: Callable[[int], Any], times: int = 1
    ) -> None:
        """Count rows that are left out; `name` tells the object of a row."""
        n = times * int(np.count_nonzero(bad))
        self.leave_out(reason, n, name(int(np.argmax(bad))) if n else "")

    def leave_out(self, reason: str, n: int, first: Any) -> None:
        """Count rows that are left out, the first of them in the object `first`."""
        if n:
            self.left_out[reason] = self.left_out.get(reason, 0) + n
            self.first.setdefault(reason, str(first))

    def remark(self, text: str, n: int = 0, first: str = "", *remedies: Remedy) -> None:
        """Say something once; what differs only in its count is summed."""
        for i, each in enumerate(self.remarks):
            if each.text == text:
                self.remarks[i] = each._replace(n=each.n + n)
                return
        self.remarks.append(Remark(text, n, first, remedies))

    def add(self, other: Report, file: str = "") -> None:
        """Add what was found in a file or a piece of one."""
        if not self.survey:
            self.survey, self.title = other.survey, other.title
            self.columns, self.unused = other.columns, other.unused
        self.rows += other.rows
        self.kept += other.kept
        if other.left_out:
            self.left_out = dict(Counter(self.left_out) + Counter(other.left_out))
            self.first = other.first | self.first
        if other.left_out and file:
            before = Counter(self.files.get(file, {}))
            self.files[file] = dict(before + Counter(other.left_out))
        for each in other.remarks:
            self.remark(each.text, each.n, each.first, *each.remedies)

    def worth_a_warning(self) -> bool:
        """Whether something was left out that nobody asked to leave out, or looks odd."""
        return bool(self.remarks or self.skipped or self.left_out.keys() - {OTHER_BANDS})

    def lines(self, write: Writer = in_python) -> list[str]:
        """Return it as text of at most 12 lines."""
        lines = [f"read as {self.survey} ({self.title}): {self.rows} observations"]
        if self.columns:
            lines.append(f"columns: {', '.join(f'{k} {v}' for k, v in self.columns.items())}")
            if not any(part in self.columns for part in ERRORS):
                lines.append(f"errors: none; no column was recognised{_some(self.unused)}")
        dropped = sum(self.left_out.values())
        if dropped:
            by_count = sorted(self.left_out.items(), key=lambda pair: -pair[1])
            told = [f"{n} {why} (first in object {self.first[why]})" for why, n in by_count]
            more = [f"{len(told) - MOST_REASONS} more reasons"] if told[MOST_REASONS:] else []
            lines.append(f"left out {dropped}: {'; '.join(told[:MOST_REASONS] + more)}")
        if len(self.files) > 1:
            worst = max(self.files, key=lambda file: sum(self.files[file].values()))
            n = sum(self.files[worst].values())
            lines.append(f"in {len(self.files)} files, most in {worst} ({n})")
        if self.skipped:
            file, why = next(iter(self.skipped.items()))
            lines.append(f"skipped {len(self.skipped)} files, the first {file}: {why}")
        lines += [each.written(write) for each in self.remarks[:MOST_REMARKS]]
        if self.remarks[MOST_REMARKS:]:
            lines.append(f"and {len(self.remarks) - MOST_REMARKS} more remarks (report.remarks)")
        return [printable(line) for line in lines]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON has them."""
        return asdict(self) | {"remarks": [list(each) for each in self.remarks]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Report:
        """Make a report of what `to_dict` gave."""
        remarks = [
            Remark(text, n, first, tuple(Remedy(*each) for each in remedies))
            for text, n, first, remedies in values["remarks"]
        ]
        return cls(**values | {"remarks": remarks})


def _some(names: list[str]) -> str:
    if not names:
        return ""
    more = ", …" if names[MOST_NAMES:] else ""
    return f" (columns not used: {', '.join(names[:MOST_NAMES])}{more})"
