"""Labels beside a catalog."""

import gzip

import numpy as np
import pandas as pd
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


IDS = np.arange(5, 15)
CLASSES = ["RRAB", "MIRA"] * 5


def table():
    return pd.DataFrame({"id": IDS, "label": CLASSES})


def text(id="{}", label="{}", header="id,label", end=""):
    lines = (f"{id.format(i)},{label.format(c)}{end}" for i, c in zip(IDS, CLASSES, strict=True))
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(
    "written",
    [
        text(id="{:>3}"),
        text(id=" {} "),
        text(id="{:<4}"),
        text(label=" {}"),
        text(id="\t{}", label="{}\t"),
        text(header=" id , label"),
        text(end=","),
        text(header="id,label,note", end=",x"),
    ],
)
def test_blanks_around_ids_and_labels_are_nothing(tmp_path, written, as_text):
    path = tmp_path / "labels.csv"
    path.write_text(written)
    found = labels_of(path, IDS.astype(str) if as_text else IDS)
    assert found.tolist() == CLASSES


def test_numbers_with_blanks(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,label\n 5, 0.5\n 6,1.25 \n")
    assert labels_of(path, IDS[:2]).tolist() == [0.5, 1.25]


def test_labels_that_become_one_are_told(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,label\n5,RRAB\n6,RRAB \n7,MIRA\n")
    with pytest.warns(UserWarning, match="differ by blanks alone are one: RRAB$"):
        assert labels_of(path, IDS[:3]).tolist() == ["RRAB", "RRAB", "MIRA"]
    path.write_text("id,label\n5,RRAB\n 5,MIRA\n")
    with pytest.raises(ValueError, match="several labels of object 5"):
        labels_of(path, IDS)


@pytest.mark.parametrize("name", ["labels.parquet", "labels.PARQUET", "labels.pq", "labels"])
@pytest.mark.parametrize(
    "changed",
    [
        lambda t: t,
        lambda t: t.set_index("id"),
        lambda t: t.set_index("label"),
        lambda t: t.set_index(["id", "label"]),
        lambda t: t.assign(id=t["id"].astype(float)),
        lambda t: t.assign(id=t["id"].map(" {} ".format), label=t["label"] + " "),
        lambda t: t.assign(label=t["label"].str.encode("utf-8")),
        lambda t: t.assign(label=t["label"].astype("category")),
    ],
)
def test_labels_in_parquet(tmp_path, name, changed):
    changed(table()).to_parquet(tmp_path / name)
    assert labels_of(tmp_path / name, IDS).tolist() == CLASSES


def test_ids_are_called_as_commands_write_them(tmp_path):
    table().rename(columns={"id": "object_id"}).to_csv(tmp_path / "a.csv", index=False)
    assert labels_of(tmp_path / "a.csv", IDS).tolist() == CLASSES


def lists(path):
    table().assign(label=[[name] for name in CLASSES]).to_parquet(path)


def test_labels_of_doubtful_ids_or_columns(tmp_path):
    gaia = 2**60 + np.arange(2)
    frame = pd.DataFrame({"id": gaia, "label": ["EA", "RRAB"]})
    frame[1:].astype({"id": float}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"a\.parquet has ids as floats past 2\^53"):
        labels_of(tmp_path / "a.parquet", gaia)
    for header in ("id,label,label", "id,label, id"):
        (tmp_path / "a.csv").write_text(f"{header}\ns1,EA,RRAB\ns2,EW,RRC\n")
        with pytest.raises(ValueError, match=r"a\.csv has several columns"):
            labels_of(tmp_path / "a.csv", np.array(["s1", "s2"]))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: path.write_bytes("id,label\n5,\xe9\n".encode("latin-1")), "no text in UTF-8"),
        (lambda path: path.write_text(""), "No columns"),
        (lambda path: path.write_text("id,label\n5,a\n6,b,c,d\n"), "line 3"),
        (lambda path: path.write_bytes(b"PAR1"), "cannot be read"),
        (lambda path: path.write_bytes(gzip.compress(b"id,label\n" * 99)[:-9]), "cannot be read"),
        (lists, "a list as the label of object 5"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_errors_name_the_file(tmp_path, write, message, ending):
    path = tmp_path / f"labels.{ending}"
    write(path)
    with pytest.raises(ValueError, match=rf"labels\.{ending} ") as raised:
        labels_of(path, IDS)
    if ending == "csv" and "gz" not in str(write):
        assert message in str(raised.value) or "cannot be read" in message


def test_what_found_no_counterpart_is_told(tmp_path, capsys):
    path = tmp_path / "labels.csv"
    path.write_text(text() + "77,MIRA\n78,MIRA\n")
    labels_of(path, np.array([5, 5, 6, 90]), quiet=False)
    assert capsys.readouterr().err == (
        f"sklearn-astromer: {path}: 10 of 12 labels are of no light curve here (the first: 7); "
        "1 of 3 objects have no label (the first: 90)\n"
    )
    labels_of(path, np.array([5, 6]), quiet=True)
    assert capsys.readouterr().err == ""


def test_a_table_of_other_objects_shows_both_ids(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,label\nstar_000.csv,EA\n")
    with pytest.raises(ValueError, match=r"its ids, as 'star_000\.csv', with .*, as 'star_0"):
        labels_of(path, np.array(["star_000", "star_001"]))
    path.write_text("star,class\nstar_000,EA\n")
    with pytest.raises(ValueError, match="has no column id among 'star', 'class': it needs one"):
        labels_of(path, np.array(["star_000", "star_001"]))
