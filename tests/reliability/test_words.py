"""What is said where something is empty or full."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from running import ROOT

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.search import outlier_scores, reconstruction_error, suggest

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def embedder():
    curves, _ = make_variable_stars(3, random_state=0)
    return AstromerEmbedder("surveys-small", max_epochs=0, device="cpu").fit(curves)


def test_no_light_curves(embedder):
    empty = make_variable_stars(2, random_state=0)[0][:0]
    for nothing in ([], empty):
        with pytest.raises(ValueError, match="there are no light curves to score"):
            embedder.score(nothing)
        assert embedder.reconstruct(nothing, []) == embedder.reconstruct(nothing) == []
    assert reconstruction_error(embedder, empty).shape == (0,)
    assert list(embedder.transform_batches([])) == []
    for call in (lambda rows: suggest(rows, [], 1), outlier_scores):
        with pytest.raises(ValueError, match=r"rows must be a table .* shape \(0, 5\)"):
            call(np.empty((0, 5)))


# -- a full disk ---------------------------------------------------------------------------------

SMALL = ["--weights", "surveys-small"]
COMMANDS = {
    "embed to Parquet": ["embed", "catalog.parquet", "--out", "made.parquet", *SMALL],
    "embed to CSV": ["embed", "catalog.parquet", "--out", "made.csv", *SMALL],
    "embed to ECSV": ["embed", "catalog.parquet", "--out", "made.ecsv", *SMALL],
    "embed to a folder": ["embed", "catalog.parquet", "--out", "made", *SMALL],
    "an index": ["search", "rows", "--save", "made"],
    "a table of neighbours": ["search", "rows", "--like", "0", "--out", "made.csv", "--top", "290"],
    "a page": ["outliers", "rows", "--plot", "made.html", "--catalog", "catalog.parquet"],
    "a training": [
        *("pretrain", "catalog.parquet", "--out", "made", "--d-model", "16", "--n-heads", "2"),
        *("--max-epochs", "1"),
    ],
    "a checkpoint": [
        *("pretrain", "catalog.parquet", "--out", "made", "--d-model", "16", "--n-heads", "2"),
        *("--max-epochs", "1", "--checkpoint", "made.pt"),
    ],
}
FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from sklearn_astromer.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.reliability
@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk(name, tally, tmp_path):
    curves, _ = make_variable_stars(300, n_observations=(6, 9), random_state=0)
    curves.to_frame().to_parquet("catalog.parquet")
    if "rows" in COMMANDS[name]:
        assert main(["embed", "catalog.parquet", *SMALL, "--out", "rows", "--quiet"]) == 0
    before = sorted(os.listdir())
    words = [*COMMANDS[name], "--quiet"]
    limit = 100_000 if "embed" in words or "--save" in words else 2000
    limit = 30_000 if "pretrain" in words else limit  # more than the decoded catalog
    failed = subprocess.run(
        [sys.executable, "-c", FULL, str(limit), *words],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    assert failed.returncode == 1, failed.stderr
    last = failed.stderr.splitlines()[-1]
    assert "made" in last
    assert "bytes were, and" in last
    assert "Make room" in last
    left = [name for name in sorted(os.listdir()) if name not in before]
    assert left in ([], ["made"] if name == "embed to a folder" else [])
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    tally("faults", f"a full disk: {name}", injected=1, survived=1)
