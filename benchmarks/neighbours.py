"""Which library finds the neighbours among 10^6 embeddings: recall, time and memory of each.

    python benchmarks/neighbours.py rows
    python benchmarks/neighbours.py measure LIBRARY …
    python benchmarks/neighbours.py table --json

Rows: of the bundled `surveys-small`, mean pooling (128 features), in runs/neighbours. All real
curves of ../shared/data and 10^5 simulated ones are thinned at random to 20 to 40 observations,
each real curve twice, and embedded. These rows, less 1000 that become queries, are in the index as
they are; copies of them with noise make it 10^6. The noise is normal, with the correlations and
half the standard deviations of the scatter between two thinnings of a real curve.

Each library runs in a process of its own, on rows of unit length and Euclidean distances, which
order as cosine distances do. Recall@10 is the share of the ten nearest rows that are found, over
1000 queries. A build runs on two threads, a query on one, one query a call; times are medians of
`--repeats` passes over the queries.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import report
from numpy.typing import NDArray
from realdata import CATALOGS, load

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.search import LightCurveIndex

FOLDER = Path(__file__).parents[1] / "runs" / "neighbours"
SIMULATED, THINNINGS, OBSERVATIONS = 100_000, {"real": 2, "simulated": 1}, (20, 40)
ROWS, QUERIES, NEIGHBOURS, NOISE = 1_000_000, 1000, 10, 0.5
CHUNK = 5000


def thinned(curves: LightCurves, rng: np.random.Generator) -> LightCurves:
    """Keep a random number of observations of each curve, in their order."""
    lengths = np.diff(curves.offsets)
    wanted = np.minimum(rng.integers(*OBSERVATIONS, len(curves), endpoint=True), lengths)
    which = [
        start + np.sort(rng.permutation(length)[:count])
        for start, length, count in zip(curves.offsets[:-1], lengths, wanted, strict=True)
    ]
    kept = np.concatenate(which)
    return LightCurves(
        curves.time[kept], curves.mag[kept], offsets=np.concatenate([[0], np.cumsum(wanted)])
    )


def make_rows() -> None:
    """Write the rows, the queries and their exact neighbours; go on where a run was ended."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    embedder = AstromerEmbedder("surveys-small", max_epochs=0, precision="bfloat16")
    embedder.fit(LightCurves.from_grid([[0.0]]))

    def embed(name: str, curves: Callable[[], LightCurves], kind: str) -> NDArray[np.float32]:
        path = FOLDER / f"{name}.npy"
        if not path.exists():
            every, start = curves(), time.perf_counter()
            rng = np.random.default_rng(len(name))
            found = np.stack(
                [embedder.transform(thinned(every, rng)) for _ in range(THINNINGS[kind])], axis=1
            )
            np.save(path, found.astype(np.float32))
            seconds = time.perf_counter() - start
            print(f"{name}: {found.shape}, {found[..., 0].size / seconds:.0f}/s", flush=True)
        return np.load(path)

    parts = {"real": [], "simulated": []}
    for catalog in CATALOGS:
        parts["real"].append(embed(catalog, lambda c=catalog: load(c)[0], "real"))
    for chunk in range(SIMULATED // CHUNK):
        parts["simulated"].append(
            embed(
                f"simulated-{chunk:02d}",
                lambda c=chunk: make_variable_stars(CHUNK, n_observations=(30, 90), random_state=c)[
                    0
                ],
                "simulated",
            )
        )
    curves = {kind: sum(map(len, each)) for kind, each in parts.items()}
    every = [rows for each in parts.values() for rows in each]
    scatter = np.concatenate([(rows[:, 0] - rows[:, 1]) / np.sqrt(2) for rows in parts["real"]])
    base = np.concatenate([rows.reshape(-1, rows.shape[-1]) for rows in every])
    rng = np.random.default_rng(0)
    base = base[rng.permutation(len(base))]
    queries, base = base[:QUERIES], base[QUERIES:]
    root = np.linalg.cholesky(np.cov(scatter.T) + 1e-12 * np.eye(base.shape[1]))
    rows = np.empty((ROWS, base.shape[1]), np.float32)
    rows[: len(base)] = base
    for start in range(len(base), ROWS, 100_000):
        stop = min(ROWS, start + 100_000)
        noise = rng.standard_normal((stop - start, base.shape[1])) @ root.T
        rows[start:stop] = base[rng.integers(len(base), size=stop - start)] + NOISE * noise
    rows = rows[rng.permutation(ROWS)]
    for array in (rows, queries):
        array /= np.linalg.norm(array, axis=1, keepdims=True)
    np.save(FOLDER / "queries.npy", queries)
    np.save(FOLDER / "exact.npy", exact(rows, queries))
    facts = {"curves": curves, "thinnings": THINNINGS, "observations": OBSERVATIONS}
    facts |= {"rows": ROWS, "embedded_rows": len(base), "noise": NOISE, "queries": QUERIES}
    (FOLDER / "facts.json").write_text(json.dumps(facts))
    np.save(FOLDER / "rows.npy", rows)
    print(facts)


def exact(rows: NDArray[np.float32], queries: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the nearest rows of each query, by float64."""
    best = np.empty((len(queries), 0))
    where = np.empty((len(queries), 0), np.int64)
    wide = queries.astype(np.float64)
    for start in range(0, len(rows), 50_000):
        part = rows[start : start + 50_000].astype(np.float64)
        distance = (part**2).sum(axis=1) - 2 * wide @ part.T
        nearest = np.argpartition(distance, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        best = np.hstack([best, np.take_along_axis(distance, nearest, 1)])
        where = np.hstack([where, nearest + start])
        order = np.argsort(best, axis=1)[:, :NEIGHBOURS]
        best, where = (np.take_along_axis(a, order, 1) for a in (best, where))
    return where


class USearch:
    """HNSW of usearch; `dtype` is of the vectors in the index."""

    mapped = True
    efforts = (32, 64, 96, 128, 192, 256, 384, 512)

    def __init__(self, dtype: str, connectivity: int = 16, expansion_add: int = 128) -> None:
        from usearch.index import Index

        self.made = {"dtype": dtype, "connectivity": connectivity, "expansion_add": expansion_add}
        self.index = Index(ndim=128, metric="l2sq", **self.made)

    def build(self, rows: NDArray[np.float32]) -> None:
        """Build on two threads."""
        self.index.add(np.arange(len(rows)), rows, threads=2)

    def query(self, row: NDArray[np.float32], effort: int) -> NDArray[np.int64]:
        """Search on one thread."""
        self.index.expansion_search = effort
        return self.index.search(row, NEIGHBOURS, threads=1).keys

    def save(self, path: Path) -> None:
        """Save."""
        self.index.save(str(path))

    def load(self, path: Path) -> None:
        """Map."""
        from usearch.index import Index

        self.index = Index.restore(str(path), view=True)


class Faiss:
    """HNSW, or inverted lists, of faiss."""

    mapped = True

    def __init__(self, factory: str, efforts: tuple[int, ...]) -> None:
        import faiss

        self.faiss, self.made, self.efforts = faiss, {"factory": factory}, efforts
        self.index = faiss.index_factory(128, factory, faiss.METRIC_L2)
        self.name = "nprobe" if factory.startswith("IVF") else "efSearch"
        if self.name == "efSearch":
            self.index.hnsw.efConstruction = 100

    def build(self, rows: NDArray[np.float32]) -> None:
        """Build on two threads."""
        self.faiss.omp_set_num_threads(2)
        if not self.index.is_trained:
            self.index.train(rows[:: len(rows) // 200_000])
        self.index.add(rows)

    def query(self, row: NDArray[np.float32], effort: int) -> NDArray[np.int64]:
        """Search on one thread."""
        self.faiss.omp_set_num_threads(1)
        if self.name == "nprobe":
            self.index.nprobe = effort
        else:
            self.index.hnsw.efSearch = effort
        return self.index.search(row[None], NEIGHBOURS)[1][0]

    def save(self, path: Path) -> None:
        """Save."""
        self.faiss.write_index(self.index, str(path))

    def load(self, path: Path) -> None:
        """Map."""
        self.index = self.faiss.read_index(str(path), self.faiss.IO_FLAG_MMAP_IFC)


class PyNNDescent:
    """Nearest-neighbour descent; the effort is epsilon."""

    mapped = False
    efforts = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)

    def __init__(self) -> None:
        self.made = {"n_neighbors": 30}

    def build(self, rows: NDArray[np.float32]) -> None:
        """Build on two threads, with the compilation and what the first search prepares."""
        from pynndescent import NNDescent

        self.index = NNDescent(rows, n_neighbors=30, random_state=0, n_jobs=2)
        self.index.prepare()

    def query(self, row: NDArray[np.float32], effort: float) -> NDArray[np.int64]:
        """Search on one thread."""
        return self.index.query(row[None], k=NEIGHBOURS, epsilon=effort)[0][0]

    def save(self, path: Path) -> None:
        """Pickle."""
        import joblib

        joblib.dump(self.index, path)


class Ours:
    """The index of this package, by its public interface."""

    mapped = True
    efforts = (64, 128)

    def __init__(self) -> None:
        self.made = {"metric": "cosine", "algorithm": "approximate"}
        self.index = LightCurveIndex(NEIGHBOURS, n_jobs=2)

    def build(self, rows: NDArray[np.float32]) -> None:
        """Build on two threads."""
        self.index.fit(rows)

    def query(self, row: NDArray[np.float32], effort: int) -> NDArray[np.int64]:
        """Search on one thread."""
        self.index.set_params(n_jobs=1, n_candidates=effort)
        return self.index.kneighbors(row[None], return_distance=False)[0]

    def save(self, path: Path) -> None:
        """Save."""
        self.index.save(path)

    def load(self, path: Path) -> None:
        """Map."""
        self.index = LightCurveIndex.load(path)


LIBRARIES: dict[str, Callable[[], Any]] = {
    "LightCurveIndex": Ours,
    "usearch": lambda: USearch("f32"),
    "usearch-bf16": lambda: USearch("bf16"),
    "faiss-hnsw": lambda: Faiss("HNSW16,Flat", USearch.efforts),
    "faiss-ivf": lambda: Faiss("IVF4096,Flat", (4, 8, 16, 32, 64, 128)),
    "pynndescent": PyNNDescent,
}
PACKAGES = {
    "LightCurveIndex": "sklearn_astromer",
    "faiss-hnsw": "faiss-cpu",
    "faiss-ivf": "faiss-cpu",
    "usearch-bf16": "usearch",
}


def memory(kind: str = "VmRSS") -> float:
    """Return the memory of this process in MB; "VmHWM" for the most so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(kind))


def searched(
    library: Any, queries: NDArray[np.float32], wanted: NDArray[np.int64], effort: float, times: int
) -> dict[str, float]:
    """Return recall and time of single queries."""
    seconds, found = [], []
    for _ in range(times):
        start = time.perf_counter()
        found = [library.query(row, effort) for row in queries]
        seconds.append(time.perf_counter() - start)
    same = [len(np.intersect1d(a, b)) for a, b in zip(found, wanted, strict=True)]
    recall = float(np.mean(same)) / NEIGHBOURS
    ms = float(np.median(seconds)) / len(queries) * 1e3
    return {"effort": effort, "recall": recall, "ms": ms, "passes_s": seconds}


def measure(name: str, repeats: int) -> None:
    """Measure a library in this process, and keep its figures."""
    from importlib.metadata import version

    rows = np.load(FOLDER / "rows.npy")
    queries, wanted = np.load(FOLDER / "queries.npy"), np.load(FOLDER / "exact.npy")
    library = LIBRARIES[name]()
    before, start, used = memory(), time.perf_counter(), time.process_time()
    library.build(rows)
    figures: dict[str, Any] = {"library": name, "version": version(PACKAGES.get(name, name))}
    figures |= {"made": library.made, "build_s": time.perf_counter() - start}
    figures |= {"build_cpu_s": time.process_time() - used, "load": os.getloadavg()[0]}
    figures |= {"memory_mb": memory() - before, "peak_mb": memory("VmHWM") - before}
    library.query(queries[0], library.efforts[0])
    figures["searches"] = []
    for effort in library.efforts:
        figures["searches"].append(searched(library, queries, wanted, effort, repeats))
        print(name, figures["searches"][-1], flush=True)
        if figures["searches"][-1]["recall"] > 0.99:
            break
    path = FOLDER / f"{name}.index"
    library.save(path)
    files = list(path.iterdir()) if path.is_dir() else [path]
    figures["disk_mb"] = sum(file.stat().st_size for file in files) / 2**20
    if library.mapped:
        del rows, library.index
        before, start = memory(), time.perf_counter()
        library.load(path)
        figures["map_s"] = time.perf_counter() - start
        library.query(queries[0], library.efforts[0])
        figures["mapped_mb"] = memory() - before
        last = figures["searches"][-1]["effort"]
        figures["mapped"] = searched(library, queries, wanted, last, 1)
    for file in files:
        file.unlink()
    (FOLDER / f"{name}.json").write_text(json.dumps(figures, indent=1))
    print(figures, flush=True)


def summary(figures: dict[str, Any], least: float) -> list[str]:
    """Return a row of the table: the search of least effort that finds enough."""
    enough = [s for s in figures["searches"] if s["recall"] >= least]
    found = enough[0] if enough else figures["searches"][-1]
    return [
        f"{figures['library']} {figures['version']}",
        f"{figures['build_s'] / 60:.1f}",
        f"{figures['build_cpu_s'] / 60:.1f}",
        f"{figures['memory_mb']:.0f}",
        f"{figures['disk_mb']:.0f}",
        f"{found['recall']:.3f}",
        f"{found['ms']:.2f}",
        "yes" if "mapped" in figures else "no",
    ]


def main() -> None:
    """Make the rows, measure, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["rows", "measure", "table"])
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help=", ".join(LIBRARIES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="write benchmarks/results")
    args = parser.parse_args()
    if args.step == "rows":
        make_rows()
    elif args.step == "measure" and len(args.libraries) == 1:
        measure(args.libraries[0], args.repeats)
    elif args.step == "measure":
        for name in args.libraries or LIBRARIES:
            words = [__file__, "measure", name, "--repeats", str(args.repeats)]
            subprocess.run([sys.executable, *words], check=True)
    else:
        measured = [
            json.loads(path.read_text())
            for path in (FOLDER / f"{name}.json" for name in LIBRARIES)
            if path.exists()
        ]
        header = ["library", "build, min", "its CPU min", "memory, MB", "disk, MB"]
        header += [f"recall@{NEIGHBOURS}", "ms a query", "maps"]
        print(report.table(header, [summary(each, 0.98) for each in measured]))
        if args.json:
            facts = json.loads((FOLDER / "facts.json").read_text())
            report.write("neighbours", {"rows": facts, "libraries": measured})


if __name__ == "__main__":
    main()
