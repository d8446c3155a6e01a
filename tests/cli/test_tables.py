"""Labels beside a catalog."""

import numpy as np
import pytest

from sklearn_astromer.cli.tables import labels_of


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["0", "", "1"], ["0", None, "1"]),  # a blank makes no numbers of classes
        (["NA", "null", "None"], ["NA", "null", "None"]),
        (["01", "1", "1"], ["01", "1", "1"]),
        (["0.5", "", "2.0"], [0.5, None, 2.0]),
    ],
)
def test_labels_in_csv_are_as_they_are_written(tmp_path, written, expected):
    rows = "".join(f"{name},{label}\n" for name, label in zip("abc", written, strict=True))
    (tmp_path / "labels.csv").write_text("id,label\n" + rows)
    found = labels_of(tmp_path / "labels.csv", np.array(list("abc")))
    assert [None if label is None or label != label else label for label in found] == expected
