"""The words of ``sklearn-astromer search`` and ``outliers``; quick to import."""

from __future__ import annotations

import argparse
from pathlib import Path

from sklearn_astromer.cli.messages import PROG

SEARCH = f"""\
The rows are what `embed --out` wrote, a folder of parts or a file, or a saved index. One search
among rows reads them all and is exact; it takes seconds for a million. For many searches, save an
index once and search that: from 50 000 rows on it is approximate, needs
pip install 'sklearn_astromer[search]', takes minutes to build, and is then mapped from disk.

examples:
  {PROG} search emb/ --like 4018
  {PROG} search emb/ --like 4018 --band g --top 50 --out similar.csv
  {PROG} search emb/ --save emb-index --like 4018
  {PROG} search emb-index --like 4019
"""

OUTLIERS = f"""\
The rows are what `embed --out` wrote, a folder of parts or a file. The score of an object is the
mean of -log10(share of objects at least as odd): an object among the oddest 1 % in each part has
about 2. The parts are density (how much lower the density of objects is there than around its
neighbours; 1 is usual) and isolation (the score of an isolation forest). With --catalog and
--weights there is a third, reconstruction: how badly the weights reconstruct the light curve, in
units of its errors. It finds flares, dips and other events that happen once, and takes as long as
`embed` did.

The page of --plot is one HTML file that needs no network. It shows the light curves of the highest
scores, also folded at the highest peak of their periodograms.

examples:
  {PROG} outliers emb/ --top 20
  {PROG} outliers emb/ --top 100 --out odd.csv --plot odd.html --catalog catalog.parquet
  {PROG} outliers emb/ --catalog catalog.parquet --weights surveys-periods
"""


def add_search(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "rows", type=_path, metavar="ROWS", help="rows of `embed`, or an index saved by --save"
    )
    parser.add_argument("--like", metavar="ID", help="the object to compare with")
    parser.add_argument("--band", help="of that object, where it has several; all are searched")
    parser.add_argument(
        "--top", type=_count, default=10, metavar="N", help="rows to find (default: %(default)s)"
    )
    parser.add_argument(
        "--metric",
        choices=["cosine", "euclidean"],
        help="the distance (default: cosine, or that of the index)",
    )
    parser.add_argument(
        "--out", type=_table, metavar="FILE", help="write the table there, .csv or .parquet"
    )
    parser.add_argument(
        "--save", type=_path, metavar="FOLDER", help="build an index of the rows, and keep it there"
    )


def add_outliers(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("rows", type=_path, metavar="ROWS", help="rows of `embed`")
    parser.add_argument(
        "--top", type=_count, default=100, metavar="N", help="objects (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=_table, metavar="FILE", help="write the table there, .csv or .parquet"
    )
    parser.add_argument("--plot", type=_page, metavar="FILE", help="draw them on a page, .html")
    parser.add_argument(
        "--catalog",
        nargs="+",
        type=_path,
        metavar="FILE",
        help="the light curves that were embedded, for --plot and --weights",
    )
    parser.add_argument(
        "--weights",
        metavar="NAME|PATH",
        help="also score how badly these weights reconstruct the light curves",
    )


def _page(text: str) -> Path:
    path = _path(text)
    if path.suffix.lower() not in (".html", ".htm"):
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .html")
    return path


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _table(text: str) -> Path:
    path = _path(text)
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .csv or .parquet")
    return path


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
