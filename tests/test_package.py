"""What is built: a wheel and a source archive that install and work without the repository."""

import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import sklearn_astromer

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RECIPE = ROOT / "conda" / "recipe.yaml"
BUNDLED = {
    f"sklearn_astromer/weights/bundled/{weights}/{name}"
    for weights in ("surveys-periods", "surveys-periods-unlabelled", "surveys-small")
    for name in ("config.json", "weights.safetensors")
}
USE = """
import numpy as np, sklearn_astromer
from sklearn_astromer import AstromerEmbedder
print(sklearn_astromer.__file__)
curves = [np.c_[np.arange(9.0), np.arange(9.0) % 3]] * 2
print(AstromerEmbedder("surveys-small", max_epochs=0).fit_transform(curves).shape)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the source archive of the repository, and the wheel of what is in that."""
    pytest.importorskip("hatchling", reason="building needs hatchling, which no user needs")
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "-d", folder]
    subprocess.run([*command, "-t", "sdist"], cwd=ROOT, check=True, capture_output=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = opened.getnames()
        opened.extractall(folder, filter="data")
    source = folder / names[0].split("/")[0]
    subprocess.run([*command, "-t", "wheel"], cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel, [name.partition("/")[2] for name in names]


def ours():
    """The files of the package in the repository."""
    folder = ROOT / "sklearn_astromer"
    return {
        path.relative_to(ROOT).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def test_the_wheel_holds_the_package_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = set(wheel.namelist())
        metadata = next(name for name in names if name.endswith("/METADATA"))
        needed = [
            line.partition(": ")[2]
            for line in wheel.read(metadata).decode().splitlines()
            if line.startswith("Requires-Dist: ") and "extra ==" not in line
        ]
    info = metadata.partition("/")[0]
    expected = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    assert names == ours() | {f"{info}/{name}" for name in expected}
    assert names >= BUNDLED
    assert "sklearn_astromer/py.typed" in names
    assert all(">=" in requirement for requirement in needed)
    assert len(needed) <= 13


def test_the_source_archive_holds_what_a_packager_needs(built):
    names = set(built[1])
    assert names >= ours()
    assert names >= {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "constraints.txt"}
    assert names >= {"constraints-oldest.txt", "pyproject.toml", "PKG-INFO"}
    assert "tests/test_package.py" in names
    tops = {name.partition("/")[0] for name in names if "/" in name}
    assert tops == {"sklearn_astromer", "tests", "benchmarks"}
    assert not [name for name in names if "__pycache__" in name or "/runs/" in name]


def test_the_version_is_the_same_everywhere():
    if not (ROOT / "RELEASING.md").exists():
        pytest.skip("a source archive lacks the files of releases")
    version = PROJECT["version"].partition(".dev")[0]
    assert f"\n## {version} (" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'version: "{version}"\n' in RECIPE.read_text(encoding="utf-8")


def test_the_package_says_its_version_and_what_is_in_it():
    code = """
import sys, sklearn_astromer as package
assert package.__version__
names = dir(package)
assert {"AstromerEmbedder", "datasets", "inspection", "__version__"} <= set(names), names
assert not [n for n in names if n.startswith("_") and n != "__version__"], names
assert package.datasets.load_catalina
assert "torch" not in sys.modules
try:
    package.embedde
except AttributeError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "no attribute 'embedde'" in run.stdout
    for name in dir(sklearn_astromer):
        assert sklearn_astromer.__getattr__(name) is not None


def test_the_oldest_dependencies_are_those_declared():
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints-oldest.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    extras = PROJECT["optional-dependencies"]
    bounds = dict(
        requirement.split(">=")
        for requirement in PROJECT["dependencies"] + extras["parquet"] + extras["plot"]
    )
    assert {name: _numbers(pins[name]) for name in bounds} == {
        name: _numbers(bound) for name, bound in bounds.items()
    }
    assert set(pins) - set(bounds) == {"scipy"}  # of scikit-learn
    if RECIPE.exists():
        written = RECIPE.read_text(encoding="utf-8")
        asked = {d.replace("torch>=", "pytorch>=") for d in PROJECT["dependencies"]}
        assert all(f"- {d.replace('>=', ' >=')}\n" in written for d in asked)


def _numbers(version):
    """Return a version without its last zeros."""
    return version.removesuffix(".0").removesuffix(".0")


@pytest.mark.reliability
def test_it_installs_and_works_away_from_the_repository(built, tmp_path):
    """In an environment of its own; the dependencies are those of the one that runs this."""
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *options, built[0]], check=True)
    here = next(path for path in sys.path if path.endswith("site-packages"))
    code = "import sys; sys.path.append(sys.argv[1])\n" + USE  # its .pth files are not read
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    run = subprocess.run(
        [python, "-c", code, here],
        cwd=tmp_path,
        env=environment | {"SKLEARN_ASTROMER_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    where, shape = run.stdout.splitlines()
    assert Path(where).is_relative_to(tmp_path)
    assert shape == "(2, 129)"  # the mean, and brightness
    assert not (tmp_path / "home").exists()
