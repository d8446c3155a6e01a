"""What a folder of parts does to the catalog it is made of, and to what lies beside it."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_astromer import LightCurves
from sklearn_astromer._json import sealed
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.lightcurves.fingerprint import fingerprint_of
from sklearn_astromer.scale import embed_to_folder, measuring
from sklearn_astromer.scale import folder as folder_module
from sklearn_astromer.scale.manifest import begin
from sklearn_astromer.search import read_rows


@pytest.fixture(scope="module")
def curves():
    return make_variable_stars(12, n_observations=(700, 900), random_state=0)[0]


@pytest.mark.parametrize("mode", ["c", "r", "r+"])
def test_a_map_that_was_edited_in_place(surveys_small, curves, tmp_path, mode):
    """Pages of a copy-on-write map are nowhere but in memory."""
    maps = {}
    for name in ("time", "mag", "mag_err"):
        getattr(curves, name).tofile(tmp_path / name)
        maps[name] = np.memmap(tmp_path / name, dtype=np.float64, mode=mode)
    if mode != "r":
        maps["mag"][::3] += 2.0
    mag = np.array(maps["mag"])
    mapped = LightCurves(**maps, offsets=curves.offsets)
    embed_to_folder(mapped, surveys_small, tmp_path / "emb", part_objects=5)
    np.testing.assert_array_equal(maps["mag"], mag)
    np.testing.assert_array_equal(mapped.mag, mag)
    expected = surveys_small.transform(mapped)
    np.testing.assert_allclose(read_rows(tmp_path / "emb").rows, expected, atol=1e-5)


# -- parts that are not as they were written -----------------------------------------------------


@pytest.fixture
def emb(surveys_small, curves, tmp_path):
    embed_to_folder(curves, surveys_small, tmp_path / "emb", part_objects=5)
    return tmp_path / "emb"


def again(emb, surveys_small, curves, **options):
    return embed_to_folder(curves, surveys_small, emb, part_objects=5, **options)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_finished_folder_holds_nothing_else(emb):
    names = [f"part-0000{i}.parquet" for i in range(3)]
    assert sorted(content(emb)) == ["_manifest.json", *names]


@pytest.mark.parametrize("change", [lambda b: b[:1000], lambda b: b"", lambda b: b + b"\0"])
def test_a_part_of_another_size_is_written_again(emb, surveys_small, curves, change, caplog):
    before = content(emb)
    path = emb / "part-00001.parquet"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=r"part-00001\.parquet is not as it was written"):
        read_rows(emb, verify=False)
    again(emb, surveys_small, curves)
    assert "part-00001.parquet is not as it was written" in caplog.text
    assert content(emb) == before


def test_a_flipped_bit_is_found(emb, surveys_small, curves):
    before = content(emb)
    path = emb / "part-00001.parquet"
    flipped = bytearray(path.read_bytes())
    flipped[len(flipped) // 3] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(ValueError, match=r"part-00001\.parquet is not as it was written"):
        read_rows(emb)
    again(emb, surveys_small, curves)
    assert content(emb) != before  # of which the size tells nothing
    again(emb, surveys_small, curves, verify=True)
    assert content(emb) == before


def test_a_part_of_somebody_else_stays(emb, surveys_small, curves, tmp_path):
    """Also if it came while the run was interrupted."""
    manifest = json.loads((emb / "_manifest.json").read_text())
    for key in ("objects", "parts", "seal"):
        del manifest[key]
    del manifest["files"]["part-00002.parquet"]
    (emb / "_manifest.json").write_text(sealed(manifest))
    (emb / "part-00002.parquet").write_bytes(b"years of work")
    with pytest.raises(FileExistsError, match=r"part-00002\.parquet is not of this run"):
        again(emb, surveys_small, curves)
    assert (emb / "part-00002.parquet").read_bytes() == b"years of work"
    surveys_small = clone(surveys_small).set_params(row="max").fit(curves[:1])
    with pytest.raises(FileExistsError, match=r"part-00002\.parquet is not of the run"):
        again(emb, surveys_small, curves, overwrite=True)
    assert (emb / "part-00002.parquet").read_bytes() == b"years of work"


@pytest.mark.parametrize("text", ["[]", "null", "{", "{}", "", '{"files": {}}', '{"files": []}'])
def test_a_manifest_that_is_none(emb, surveys_small, curves, text):
    (emb / "_manifest.json").write_text(text)
    for call in (lambda: again(emb, surveys_small, curves), lambda: read_rows(emb)):
        with pytest.raises(ValueError, match=r"_manifest\.json is damaged .*delete"):
            call()


def test_a_manifest_names_no_file_outside(emb, surveys_small, curves, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    manifest = json.loads((emb / "_manifest.json").read_text())
    del manifest["seal"]
    manifest["files"]["../thesis.tex"] = manifest["files"]["part-00000.parquet"]
    manifest["version"] = "another"
    (emb / "_manifest.json").write_text(sealed(manifest))
    with pytest.raises(ValueError, match="thesis"):
        again(emb, surveys_small, curves, overwrite=True)
    assert (tmp_path / "thesis.tex").exists()


# -- one catalog and another ---------------------------------------------------------------------


def made(ids, band=None, mag_err=None):
    n = len(ids)
    time = np.arange(n, dtype=np.float64)
    return LightCurves(time, time, mag_err, offsets=np.arange(n + 1), ids=ids, band=band)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (made(np.arange(30)), made(np.arange(30).astype(str))),
        (made(["a"], ["b"]), made(["ab"])),
        (made(["a"], ["b"]), made(["a", "b"][:1])),
        (made(["a", "bc"]), made(["ab", "c"])),
        (made(["a"], [""]), made(["a"])),
        (made(["a"], mag_err=[np.nan]), made(["a"])),
        (made(["é"]), made(["e\u0301"])),
    ],
)
def test_fingerprints_differ(one, other):
    assert fingerprint_of(one) != fingerprint_of(other)
    assert fingerprint_of(one) == fingerprint_of(pickle.loads(pickle.dumps(one)))


def test_a_catalog_that_changes_on_the_way(surveys_small, curves, tmp_path):
    said = iter(["before", "after"])
    with pytest.raises(ValueError, match="changed while it was embedded"):
        again(tmp_path / "emb", surveys_small, [curves], fingerprint=lambda: next(said))


# -- parts of about five minutes -----------------------------------------------------------------


def test_the_first_second_chooses_the_part(surveys_small, curves, tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "SMALL", 0)
    monkeypatch.setattr(folder_module, "PART_SECONDS", 1e-9)  # less than one object takes
    state = embed_to_folder(curves, surveys_small, tmp_path / "emb")
    assert state.parts == len(curves)
    monkeypatch.setattr(folder_module, "PART_SECONDS", 300.0)
    for path in sorted((tmp_path / "emb").glob("*.parquet"))[3:]:
        path.unlink()
    before = content(tmp_path / "emb")
    again = embed_to_folder(curves, surveys_small, tmp_path / "emb")  # as it was begun
    assert again == state
    assert before.items() <= content(tmp_path / "emb").items()
    with pytest.raises(ValueError, match="part_objects 1, now 7"):
        embed_to_folder(curves, surveys_small, tmp_path / "emb", part_objects=7)
    pieces = [curves[:0], curves[:3], curves[3:]]
    state = embed_to_folder(pieces, surveys_small, tmp_path / "whole", fingerprint="mine")
    assert state.parts == 1
    np.testing.assert_array_equal(read_rows(tmp_path / "whole").ids, curves.ids)


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, 200), (0.09, 1000), (500.0, 1)])
def test_sizes_of_parts_are_round(curves, monkeypatch, seconds, expected):
    monkeypatch.setattr(measuring, "seconds_of", lambda *_: (1, seconds))
    assert measuring.objects_in(100.0, None, curves) == expected


# -- several that begin at once ------------------------------------------------------------------


def test_threads_that_begin_one_folder(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        for i in range(40):
            found = pool.map(
                lambda _, folder: begin(folder, {"catalog": "a"}, None, lambda: 7, False),
                range(8),
                [tmp_path / str(i)] * 8,
            )
            assert [each["part_objects"] for each in found] == [7] * 8


def test_a_run_that_another_overwrites_stops(surveys_small, curves, tmp_path):
    """Its rows are not put among those of the other."""
    other = LightCurves(curves.time, curves.mag + 1.0, offsets=curves.offsets)

    def pieces():
        yield curves[:6]
        embed_to_folder(other, surveys_small, tmp_path / "emb", part_objects=5, overwrite=True)
        yield curves[6:]

    with pytest.raises(ValueError, match="begun by another run"):
        embed_to_folder(
            pieces(), surveys_small, tmp_path / "emb", fingerprint="mine", part_objects=4
        )
    expected = surveys_small.transform(other)
    np.testing.assert_allclose(read_rows(tmp_path / "emb").rows, expected, atol=1e-5)
