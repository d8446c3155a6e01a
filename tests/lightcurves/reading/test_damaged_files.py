"""Files that are cut off, changed or made to harm: one clear error, or left out."""

import gzip
import io
import json
import random
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves
from sklearn_astromer.lightcurves.reading import tables
from sklearn_astromer.lightcurves.surveys.registry import BY_NAME

table = pytest.importorskip("astropy.table", reason="FITS needs astropy")
FRAME = pd.DataFrame(
    {
        "id": np.repeat([1, 2], 20),
        "mjd": 58000.0 + np.arange(40),
        "mag": 15 + np.random.default_rng(0).normal(size=40).round(3),
        "filter": ["g", "r"] * 20,
    }
)
CSV = FRAME.to_csv(index=False)


def of_astropy(kind, **options):
    written = io.StringIO() if kind.startswith("ascii") else io.BytesIO()
    found = table.Table.from_pandas(FRAME)
    found["mag"].unit = "mag"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found.write(written, format=kind, **options)
    content = written.getvalue()
    return content.encode() if isinstance(content, str) else content


def zipped(content, name="a.csv", method=zipfile.ZIP_DEFLATED):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        archive.writestr(name, content)
    return written.getvalue()


def marked(content, *places):
    """Return an archive with other bytes where its two headers say what kind it is."""
    changed = bytearray(content)
    for start, (offset, value) in zip((0, content.find(b"PK\x01\x02")), places, strict=True):
        changed[start + offset] = value
    return bytes(changed)


def nested(content, times):
    for i in range(times):
        content = zipped(content, "a.zip" if i else "a.csv", zipfile.ZIP_STORED)
    return content


FILES = {
    "a.csv": CSV.encode(),
    "a.csv.gz": gzip.compress(CSV.encode(), mtime=0),
    "a.zip": zipped(CSV),
    "lzma.zip": zipped(CSV, method=zipfile.ZIP_LZMA),
    "a.json": FRAME.to_json(orient="records").encode(),
    "a.jsonl": FRAME.to_json(orient="records", lines=True).encode(),
    "columns.json": json.dumps(FRAME.to_dict("list")).encode(),
    "a.parquet": FRAME.to_parquet(),
    "lists.parquet": FRAME.groupby("id")[["mjd", "mag"]].agg(list).reset_index().to_parquet(),
    "a.fits": of_astropy("fits"),
    "a.vot": of_astropy("votable"),
    "binary.vot": of_astropy("votable", tabledata_format="binary"),
    "a.ecsv": of_astropy("ascii.ecsv"),
    "a.tbl": of_astropy("ascii.ipac"),
    "a.mrt": of_astropy("ascii.mrt"),
}
HARMFUL = {
    "long.csv": f"id,mjd,mag,cutout\n1,58000,15,{'Q' * 140_000}\n2,58000,15,Q\n".encode(),
    "encrypted.zip": marked(zipped(CSV, method=zipfile.ZIP_STORED), (6, 1), (8, 1)),
    "method.zip": marked(zipped(CSV, method=zipfile.ZIP_STORED), (8, 97), (10, 97)),
    "nested.zip": nested(CSV, 1500),
    "lzma.zip": FILES["lzma.zip"][:60] + b"????" + FILES["lzma.zip"][64:],
    "cut.csv.gz": FILES["a.csv.gz"][:-30],
    "crc.csv.gz": FILES["a.csv.gz"][:-8] + bytes(8),
    "latin.csv": CSV.replace("g", "\xe9").encode("latin-1"),
    "latin.json": FILES["a.json"].replace(b'"g"', b'"\xe9"'),
    "deep.json": b'{"a":' * 900 + b'{"detections":[{"mjd":1,"mag":15}]}' + b"}" * 900,
    "deeper.json": b"[" * 200_000,
    "scalar.jsonl": b'{"mjd":1,"mag":15}\n3\n',
    "list.jsonl": b'{"mjd":1,"mag":15}\n[1,2]\n',
    "ids.json": b'[{"mjd":1,"mag":15,"id":{"x":1}},{"mjd":2,"mag":16,"id":{"x":2}}]',
    "cut.fits": FILES["a.fits"][:-2880],
    "card.fits": FILES["a.fits"].replace(b"TTYPE2  = 'mjd", b"TTYPE2  = [mjd"),
    "encoding.vot": FILES["a.vot"].replace(b"utf-8", b"utf-9"),
    "no_names.ecsv": FILES["a.ecsv"].replace(b"name: mag", b"nome: mag"),
    "cut.parquet": FILES["a.parquet"][:-30],
}


@pytest.mark.parametrize("pack", [gzip.compress, zipped, lambda c: gzip.compress(zipped(c))])
def test_what_is_packed_a_thousandfold_is_not_unpacked(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "LEAST_UNPACKED", 1000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(pack(CSV.encode() + b" " * 10**7))
    with pytest.raises(ValueError, match=r"a\.csv\.gz.* over 200 times its size"):
        LightCurves.read(path)


@pytest.mark.parametrize("name", HARMFUL)
def test_one_error_names_the_file_and_skip_leaves_it_out(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(HARMFUL[name])
    (tmp_path / "whole.csv").write_text(CSV)
    with pytest.raises((ValueError, TypeError)) as caught:
        LightCurves.read(path)
    assert str(caught.value).startswith(str(path))
    assert caught.value.__cause__ is not None
    with pytest.warns(UserWarning, match="skipped 1 files"):
        curves = LightCurves.read(tmp_path, on_error="skip")
    assert curves == LightCurves.read(tmp_path / "whole.csv")
    assert list(curves.report.skipped) == [str(path)]


def damaged(content, seed):
    """Return a file that is cut off, has other bytes, or lacks some."""
    rng = random.Random(seed)
    changed = bytearray(content)
    at = rng.randrange(len(changed))
    if seed % 4 == 0:
        return content[:at]
    if seed % 4 == 1:
        del changed[at : at + rng.choice([1, 80, 2880])]
        return bytes(changed)
    top = min(len(changed), 3000 if seed % 4 == 2 else len(changed))
    for _ in range(rng.choice([1, 3, 20])):
        changed[rng.randrange(top)] = rng.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_file_is_read_or_one_error_names_it(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    assert len(LightCurves.read(path)) in (2, 4)
    for seed in range(40):
        path.write_bytes(damaged(FILES[name], seed))
        try:
            LightCurves.read(path)
        except ValueError as error:
            told = str(error)
            assert told.startswith(str(path)) or "object" in told


@pytest.mark.parametrize("error", [ImportError, MemoryError])
def test_what_is_not_of_the_file_stays_what_it_is(error, tmp_path, monkeypatch):
    def fails(*_):
        raise error("as it is")

    monkeypatch.setattr("sklearn_astromer.lightcurves.reading.tables.read_text", fails)
    (tmp_path / "a.csv").write_text(CSV)
    with pytest.raises(error, match="as it is"):
        LightCurves.read(tmp_path, on_error="skip")


@pytest.mark.parametrize("size", ["20000000", "5000x5000", "5000x5000x*", "9" * 5000])
@pytest.mark.parametrize("kind", ["double", "char"])
def test_a_small_file_declares_no_large_arrays(size, kind, tmp_path):
    field = f'<FIELD name="x" datatype="{kind}" arraysize="{size}"/>'.encode()
    content = FILES["a.vot"].replace(b"<FIELD", field + b"<FIELD", 1)
    (tmp_path / "a.vot").write_bytes(content.replace(b"<TR>", b"<TR><TD>1</TD>"))
    with pytest.raises(ValueError, match=r"a\.vot cannot .*column 'x' .* values a row"):
        LightCurves.read(tmp_path / "a.vot")
    (tmp_path / "a.vot").write_bytes(
        content.replace(b"<TR>", b"<TR><TD>1</TD>").replace(size.encode(), b"3")
    )
    assert len(LightCurves.read(tmp_path / "a.vot")) == 4


@pytest.mark.parametrize(
    ("names", "listed", "first"),
    [(("V", "I"), "'V', 'I'", "'V'"), (("", ""), "1, 2", "1"), (("A", "A"), "1, 2", "1")],
)
def test_several_light_curves_in_a_fits_file_are_refused(names, listed, first, tmp_path):
    fits = pytest.importorskip("astropy.io.fits")
    from astropy.table import Table

    units = [fits.PrimaryHDU()]
    for name, mag in zip(names, (15.0, 14.0), strict=True):
        units.append(fits.table_to_hdu(Table({"MJD": [58000.1], "MAG": [mag]})))
        units[-1].name = name
    fits.HDUList(units).writeto(path := tmp_path / "a.fits")
    said = f"tables {listed} in it are all of light curves.*hdu={first}"
    with pytest.raises(ValueError, match=said):
        LightCurves.read(path)


def test_several_tables_of_a_survey_are_remarked(tmp_path):
    """As K2SFF writes them, the best first."""
    fits = pytest.importorskip("astropy.io.fits")
    from astropy.table import Table

    survey = BY_NAME["k2sff"]
    columns = {name.split("|")[0].upper(): [1.0, 2.0] for name in survey.needs}
    units = [fits.PrimaryHDU()]
    for name in ("BESTAPER", "CIRC_APER0"):
        units.append(fits.table_to_hdu(Table(columns)))
        units[-1].name = name
    fits.HDUList(units).writeto(path := tmp_path / "a.fits")
    with pytest.warns(UserWarning, match="of tables 'BESTAPER', 'CIRC_APER0' of light curves"):
        LightCurves.read(path)


@pytest.mark.parametrize(
    "text",
    [
        'id,mjd,mag\nA,"[2000.1, 2001.1]","[15.0, 15.1]"\n',
        '"(2000.1, 2001.1)","(15.0, 15.1)"\n',
        'id,n,mjd,mag\n1,2,"[2000.1\n 2001.1]","[15.0\n 15.1]"\n',
        'source_id,g_transit_time,g_transit_mag\n5,"[2000.1, 2001.1]","[15.0, 15.1]"\n',
    ],
)
def test_lists_in_text_are_said_to_be_so(text):
    with pytest.raises(ValueError, match="lists are written as text: save the table as Parquet"):
        LightCurves.read(io.StringIO(text))
