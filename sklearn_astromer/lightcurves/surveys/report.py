"""What was recognised in a source, and what was left out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Report:
    """What `LightCurves.read` found.

    Attributes
    ----------
    survey : str
        Name in the registry, or "columns" for tables recognised by their column names.
    title : str
    rows : int
        Rows of the source, counted once per band where bands stand side by side.
    left_out : dict of str to int
        Rows that were left out, by reason.
    first : dict of str to str
        The first object concerned, by reason.
    remarks : list of str
        What was kept and looks odd.
    """

    survey: str = ""
    title: str = ""
    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def count(
        self, reason: str, bad: NDArray[np.bool_], name: Callable[[int], Any], times: int = 1
    ) -> None:
        """Count rows that are left out; `name` tells the object of a row."""
        n = times * int(np.count_nonzero(bad))
        if n:
            self.left_out[reason] = self.left_out.get(reason, 0) + n
            self.first.setdefault(reason, str(name(int(np.argmax(bad)))))

    def remark(self, text: str) -> None:
        """Say something once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def __str__(self) -> str:
        dropped = sum(self.left_out.values())
        lines = [f"read as {self.survey} ({self.title}): {self.rows} observations"]
        if dropped:
            reasons = "; ".join(
                f"{n} {reason} (first in object {self.first[reason]})"
                for reason, n in self.left_out.items()
            )
            lines.append(f"left out {dropped}: {reasons}")
        return ". ".join([*lines, *self.remarks])
