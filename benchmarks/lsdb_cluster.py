"""A HATS catalog of real curves, embedded and classified by LSDB on two worker processes.

    python benchmarks/lsdb_cluster.py

Curves of CRTS, at places on the sky that are made up, written as HATS; then embedded by one process
(`transform`), and by two workers of which one is killed (SIGKILL) when a third of the partitions
are written. Then the class probabilities of a pipeline. Compares index
and values; tells no times, so that the machine may be busy.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import dask
import lsdb
import nested_pandas as npd
import numpy as np
import pandas as pd
import report
from distributed import Client, LocalCluster
from realdata import load, part
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.scale import embed_partitions


def write_hats(path: Path, curves: LightCurves, rows: int) -> None:
    """Write curves as a HATS catalog with a nested column."""
    frame = npd.NestedFrame.from_flat(
        curves.to_frame().drop(columns="band"),
        base_columns=[],
        on="object_id",
        name="lightcurve",
    )
    rng = np.random.default_rng(0)
    frame["ra"] = rng.uniform(0, 360, len(curves))
    frame["dec"] = np.degrees(np.arcsin(rng.uniform(-1, 1, len(curves))))
    catalog = lsdb.from_dataframe(frame.reset_index(), partition_rows=rows, margin_threshold=None)
    catalog.write_catalog(path, catalog_name="crts", progress_bar=False)


def kill_on_the_way(folder: Path, pid: int, at: int, killed: list[int]) -> None:
    """Kill a process once so many partitions are written."""
    while len(list(folder.rglob("*_done"))) < at:
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    killed.append(len(list(folder.rglob("*_done"))))


def compared(rows: pd.DataFrame, expected: pd.DataFrame) -> dict[str, Any]:
    """Say how far rows are from what one process gave."""
    difference = rows[expected.columns].to_numpy(np.float32) - expected.to_numpy()
    return {
        "rows": len(rows),
        "index_equal": rows.index.tolist() == expected.index.tolist(),
        "largest_difference": float(np.abs(difference).max()),
    }


def main() -> None:
    """Print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--partition-rows", type=int, default=300)
    parser.add_argument("--classified-partitions", type=int, help="the first ones; else all")
    parser.add_argument("--weights", default="surveys-periods")
    args = parser.parse_args()
    curves, labels = load("crts")
    curves, labels = curves[: args.objects], labels[: args.objects]
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_hats(folder / "crts", curves, args.partition_rows)
        catalog = lsdb.open_catalog(folder / "crts")
        with dask.config.set(scheduler="sync"):
            frame = catalog.compute(progress_bar=False)
        figures["objects"] = len(frame)
        figures["observations"] = len(frame["lightcurve.time"])
        figures["partitions"] = catalog.npartitions
        print(figures, flush=True)

        embedder = AstromerEmbedder(args.weights).fit(curves[:2])  # loads the weights
        embedding = embedder.transform(frame["lightcurve"])
        expected = pd.DataFrame(embedding, frame.index, list(embedder.get_feature_names_out()))
        label = pd.Series(labels, curves.ids)[frame["object_id"]].to_numpy()
        train = (part(curves) == "train")[pd.Index(curves.ids).get_indexer(frame["object_id"])]
        head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        head.fit(embedding[train], label[train])
        names = [f"probability_{label}" for label in head.classes_]
        probabilities = pd.DataFrame(head.predict_proba(embedding), frame.index, names)
        print("embedded by one process", flush=True)

        # as the notes of embed_partitions advise
        environment = "distributed.nanny.pre-spawn-environ"
        dask.config.set({f"{environment}.MALLOC_TRIM_THRESHOLD_": 2**28})
        dask.config.set({f"{environment}.MALLOC_MMAP_THRESHOLD_": 2**25})
        # a busy machine starts the process that replaces the killed one later than in 15 s
        dask.config.set({"distributed.deploy.lost-worker-timeout": "10 minutes"})
        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            pids = list(client.run(os.getpid).values())
            killed: list[int] = []
            out = folder / "embedded"
            killer = threading.Thread(
                target=kill_on_the_way, args=(out, pids[0], catalog.npartitions // 3, killed)
            )
            killer.start()
            embed_partitions(catalog, embedder, columns=["object_id"]).write_catalog(
                out, catalog_name="embedded", progress_bar=False
            )
            killer.join()
            with dask.config.set(scheduler="sync"):
                again = lsdb.open_catalog(out).compute(progress_bar=False)
            embedded = {
                "partitions_written_when_killed": killed[0],
                **compared(again, expected),
                "object_ids_equal": again["object_id"].tolist() == frame["object_id"].tolist(),
            }
            figures["embedding, one of two workers killed, written as HATS"] = embedded
            print(embedded, flush=True)

            client.wait_for_workers(2)
            some = catalog.partitions[: args.classified_partitions]
            model = make_pipeline(embedder, head)
            rows = embed_partitions(some, model).compute(progress_bar=False)
            classified = {
                "classes": len(names),
                **compared(rows, probabilities.iloc[: len(rows)]),
            }
            figures["class probabilities of a pipeline, after that"] = classified
            print(classified, flush=True)
    lines = [
        [what, str(f["rows"]), str(f["index_equal"]), f"{f['largest_difference']:.1e}"]
        for what, f in figures.items()
        if isinstance(f, dict)
    ]
    print("\n" + report.table(["", "rows", "index equal", "largest difference"], lines))
    report.write("lsdb_cluster", figures)


if __name__ == "__main__":
    main()
