"""Names of a catalog on a terminal."""

import io
import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves
from sklearn_astromer._printable import printable
from sklearn_astromer.cli import main
from sklearn_astromer.cli.messages import note, say
from sklearn_astromer.datasets import make_variable_stars

HOSTILE = "\x1b]0;mine\x07\x1b[2J\x9b31m\r\u202e\x00"


def test_what_is_printable_stays():
    assert printable("MACHO 1.3 é ★\n\tα") == "MACHO 1.3 é ★\n\tα"
    assert printable(HOSTILE) == r"\x1b]0;mine\x07\x1b[2J\x9b31m\r\u202e\x00"
    assert printable("a\ud800b") == r"a\ud800b"


@pytest.mark.parametrize("put", [say, note])
def test_a_terminal_that_has_few_characters(monkeypatch, put):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    put("a ★ \x1b[2J")
    stream = sys.stdout if put is say else sys.stderr
    assert rb"a \u2605 \x1b[2J" in stream.buffer.getvalue()


def test_ids_of_a_catalog(home, capsys):
    curves, _ = make_variable_stars(12, n_observations=(8, 20), random_state=0)
    ids = [f"{HOSTILE.replace(chr(0), '')}{i}" for i in range(12)]
    hostile = LightCurves(
        curves.time, curves.mag, offsets=curves.offsets, ids=ids, band=["\x1b[31m"] * 12
    )
    hostile.to_frame().to_parquet("catalog.parquet")
    quiet = ["--quiet"]
    assert main(["embed", "catalog.parquet", "--band", "\x1b[31m", "--out", "emb", *quiet]) == 0
    assert main(["outliers", "emb", *quiet]) == 0
    assert main(["search", "emb", "--like", ids[0], *quiet]) == 0
    assert main(["search", "emb", "--like", "\x1b[2J", *quiet]) == 1
    assert main(["inspect", "catalog.parquet"]) in (0, 1)
    frame = pd.read_parquet("catalog.parquet")
    frame.loc[0, "mag"] = np.nan
    frame.to_parquet("bad.parquet")
    assert main(["embed", "bad.parquet", "--out", "bad.csv", "--on-invalid", "raise", *quiet]) == 1
    out, err = capsys.readouterr()
    assert r"\x1b" in out
    assert not [c for c in out + err if c in "\x1b\x07\x9b\r\u202e"]
