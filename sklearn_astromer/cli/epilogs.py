"""What the help of each command ends with."""

from sklearn_astromer.cli.messages import PROG

EXAMPLES = f"""\
examples:
  {PROG} demo
  {PROG} inspect catalog.csv
  {PROG} embed catalog.parquet --out emb.parquet
  {PROG} weights list
  {PROG} embed --help

exit codes: 0 fine; 1 something was wrong with the input or its data; 2 the command line was not
understood; 130 interrupted by Ctrl-C (143: terminated). An output is either complete or was not
touched; what is there already is replaced with --overwrite only.
"""
INSPECT = f"""\
Prints what the files were recognised as, how many objects and observations they hold, in which
bands and over what times, and which rows `embed` would leave out and why. Nothing is written but
the --plot.

examples:
  {PROG} inspect irsa.csv
  {PROG} inspect folder/ --plot curves.png
  {PROG} inspect table.fits --columns id=star,time=bjd --flux flux --zero-point 25
"""
EMBED = f"""\
The catalog is whatever LightCurves.read takes: CSV, text, Parquet, FITS, VOTable, ECSV, gzip of
these, or folders of files of one object each. A survey is recognised by its columns, and its bad
rows are left out and counted; `inspect` tells beforehand. Times become MJD and fluxes asinh
magnitudes. Files are read a thousand at a time, and large Parquet by its rows, so that memory
holds one piece.

Parquet that is of no survey has one row per observation (the rows of an object together), or one
row per object with list columns. Columns are recognised by their usual names (mjd, hmjd, psfMag,
magerr, oid, diaObjectId …); --columns names others. It is decoded once into a folder of
memory-mapped files (24 bytes per observation, --cache-dir), which the next call finds again.

The output has a row per object, in the order of the catalog: object_id, band if the catalog has
bands, and float32 columns of the embedding. Its ending says the format. Without an ending it is a
folder of Parquet parts: each is written whole, the same command after a kill or a full disk goes
on with those that are missing or cut, and several processes may work on one folder at a time. The
files of the catalog must be as they were: all of their bytes are compared.

examples:
  {PROG} embed catalog.parquet --weights macho --out emb.parquet
  {PROG} embed irsa.csv --band g --out emb_g.csv
  {PROG} embed 'asassn/*.csv' --out emb.ecsv
  {PROG} embed stars.parquet --columns id=star,time=hjd,mag=V --out emb.parquet
  {PROG} embed table.fits --flux flux --zero-point 25 --out emb.parquet
  {PROG} embed survey/ --out emb/ --dry-run
  {PROG} embed survey/ --out emb/ --shard 2/8
"""
PRETRAIN = f"""\
Trains by masked reconstruction, and by classes as well with --labels. --out becomes a folder that
goes wherever weights are asked for (--weights, --from, AstromerEmbedder("folder")), with a model
card in it, README.md; the figures of every epoch go beside it, into OUT.history.csv. With
--checkpoint, the same command goes on where a killed or interrupted run was; more --epochs prolong
it. Options not given are those of AstromerEmbedder and of the recipe.

examples:
  {PROG} pretrain catalog.parquet --from macho --epochs 5 --out mine
  {PROG} pretrain survey/ --d-model 128 --n-layers 4 --residual --epochs 100 \\
      --checkpoint run.pt --out mine
  {PROG} pretrain a.parquet b.parquet --architecture periods --recipe periods \\
      --labels labels.csv --out mine
  {PROG} embed catalog.parquet --weights mine --out emb.parquet
"""
WEIGHTS = f"""\
examples:
  {PROG} weights list
  {PROG} weights fetch macho
  {PROG} weights info mine/
  {PROG} weights fetch hf://user/name@v1
  {PROG} weights push mine/ user/name --private
  {PROG} weights info surveys-periods --catalog survey/ --band g
"""
INFO = """\
With --catalog, it also compares: for length, span, amplitude, cadence and error of the light curves
it prints the 5, 50 and 95 % percentiles of the training objects and of the catalog, and warns where
the catalog's median, or more than a quarter of its objects, is outside the range of 98 % of the
training objects. Embeddings are less good there. The other options say how the catalog is read.
"""
