"""The commands and their options; quick to import, for help and for completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from sklearn_astromer.cli.apart import Output
from sklearn_astromer.cli.command import Choice, Command, File, Group
from sklearn_astromer.cli.messages import COMPLETE, PROG, say
from sklearn_astromer.cli.options import (
    CATALOG,
    DEVICE,
    IN_CATALOG,
    LABELS,
    NUMBER,
    OUT,
    OVERWRITE,
    READING,
    RUNNING,
    SEED,
    USING,
    by_weights,
    choice,
    fields,
    flag,
    option,
    row,
    shard,
    weights_names,
)
from sklearn_astromer.config import ARCHITECTURES, ROW, ROW_PARTS, WINDOW_SIZE, EncoderConfig
from sklearn_astromer.training.recipes import NAMES, RECIPES, Recipe

ROWS = (".parquet", ".csv", ".ecsv")
#: What ends the name of the history beside the folder of `pretrain`.
HISTORY = ".history.csv"
#: Fields of a recipe that are no options.
NO_OPTIONS = {"name", "callbacks", "compile", "train_windows", "head_lr", "reconstruction"}
PLOT = option(
    "--plot FILE",
    "Draw some: the longest, or the surest folded (PNG, PDF …).",
    File(written=Output()),
)
MORE = option("--catalog CATALOG", "The light curves; again for more.", File(), multiple=True)


@click.pass_context
def _completion(ctx: click.Context, shell: str) -> None:
    kind = get_completion_class(shell)
    assert kind is not None  # the argument is one of those that click knows
    say(kind(ctx.find_root().command, {}, PROG, COMPLETE).source())


COMMANDS = [
    Command(
        "inspect",
        f"""Tell what files hold, and what would be left out of them.

{IN_CATALOG} It prints the survey, how many objects and observations there
are, in which bands and over what times, and which rows `embed` would leave out and why.""",
        [CATALOG, PLOT, OVERWRITE],
        READING,
        ["inspect irsa.csv", "inspect table.fits --columns id=star,time=bjd --flux flux"],
    ),
    Command(
        "embed",
        f"""Embed a catalog of light curves.

{IN_CATALOG} A survey is recognised by its columns, and its bad rows are
left out and counted; `inspect` tells beforehand. --out has a row per object: object_id, band if the
catalog has bands, and float32 columns. Without .parquet, .csv or .ecsv it is a folder of Parquet
parts: the same command after a kill or a full disk goes on with those that are missing or cut, and
several processes may work on it. The catalog must be as it was: all of its bytes are compared.""",
        [
            CATALOG,
            option(
                "--out FILE|FOLDER",
                "Rows, or Parquet parts.",
                File(*ROWS, "", written=Output()),
                required=True,
            ),
            *RUNNING,
            option("--row PART,…", f"Some of {', '.join(ROW_PARTS)}.", row, default=",".join(ROW)),
            flag("--stars", "A row for each star: the columns of all of its bands, and colours."),
            option("--window-size N", "Observations seen at once.", NUMBER, shown="as trained"),
            choice("--layout", "columns|float32|float16", "A column a feature, or one of vectors."),
            option("--batch-objects N", "Held in memory.", NUMBER, shown="a million observations"),
            option("--part-objects N", "Objects in a part.", NUMBER, shown="five minutes of work"),
            option("--shard I/N", "Only each N-th part, from the I-th on.", shard, default="1/1"),
            flag("--verify", "Compare the checksums of parts, not only their sizes."),
            flag("--dry-run", "Write nothing: say how long it would take, and how large it were."),
            OVERWRITE,
        ],
        USING,
        [
            "embed irsa.csv --band g --out emb_g.csv",
            "embed 'asassn/*.csv' --weights macho --out emb.parquet",
            "embed stars.parquet --columns id=star,time=hjd,mag=V --out emb.ecsv",
            "embed survey/ --out emb/ --shard 2/8",
            "embed - --out emb.parquet < catalog.csv",
        ],
    ),
    Command(
        "periods",
        f"""Find the period of each light curve of a catalog.

{IN_CATALOG} The table has the best peak of each periodogram, the surest
first: period (days), frequency (cycles a day), power and harmonic_power (shares of the variance),
false_alarm (probability that noise has such a peak, at most), doubled_period (of many eclipsing
binaries). A row is a light curve, in one band; with --stars a star, of which all bands share one
periodogram. Without --out the table is printed.""",
        [
            CATALOG,
            OUT,
            option("--top N", "Rows to keep.", NUMBER, shown="all"),
            PLOT,
            option("--max-frequency X", "Cycles a day.", float, default=24.0),
            flag("--stars", "A row for each star: one periodogram for all of its bands."),
            DEVICE,
            OVERWRITE,
        ],
        USING,
        ["periods catalog.csv --top 20", "periods survey/ --out periods.csv --plot folded.png"],
    ),
    Command(
        "classify",
        f"""Train a classifier on labelled light curves, and classify others.

{IN_CATALOG} A random forest learns from embeddings of objects with a label;
the macro-F1 of a cross-validation, split by object, is printed. With --stars it learns, and tells,
the class of a star by all of its bands. --out has the class of each object of --predict, and the
probability of each class. --save keeps the classifier in a file of skops, for --model, which knows
whether it is of stars: types that do not belong into it are refused.""",
        [
            click.Argument(["catalog"], nargs=-1, type=File(), metavar="[CATALOG]…"),
            option("--labels FILE", LABELS, File()),
            option("--label-column COLUMN", "Which column of CATALOG is the label, instead."),
            option("--model FILE", "Read a classifier, instead of CATALOG.", File()),
            option("--predict CATALOG", "What to classify; again for more.", File(), multiple=True),
            OUT,
            option("--save FILE", "Keep the classifier there.", File(written=Output())),
            flag("--stars", "Learn from a row for each star: all of its bands, and colours."),
            *RUNNING,
            SEED,
            OVERWRITE,
        ],
        USING,
        [
            "classify train.csv --labels labels.csv --predict new.csv --out classes.csv",
            "classify train.parquet --label-column type --save stars.skops",
            "classify rubin.parquet --stars --labels labels.csv --save stars.skops",
            "classify --model stars.skops --predict new.csv --out classes.csv",
        ],
    ),
    Command(
        "search",
        """Find the objects most similar to one among rows of embeddings.

ROWS is what `embed --out` wrote, with --stars or without, or a saved index. Where a star lacks a
band, the mean of all stars stands for it. One search among rows reads them all and is exact; it
takes seconds for a million. For many searches, save an index once and search that: from 50 000 rows
on it is approximate, needs pip install 'sklearn_astromer[search]', takes minutes to build, and is
then mapped from disk.""",
        [
            click.Argument(["rows"], type=File()),
            option("--like ID", "The object to compare with."),
            option("--band NAME", "Of that object, where it has several; all are searched."),
            option("--top N", "Rows to find.", NUMBER, default=10),
            choice("--metric", "auto|cosine|euclidean", "auto: that of an index, else cosine."),
            OUT,
            option(
                "--save FOLDER",
                "Build an index of the rows, and keep it there.",
                File(written=Output()),
            ),
            OVERWRITE,
        ],
        examples=[
            "search emb/ --like 4018 --band g --top 50 --out similar.csv",
            "search emb/ --save emb-index --like 4018",
            "search emb-index --like 4019",
        ],
    ),
    Command(
        "outliers",
        """Find the objects least like all others among rows of embeddings.

ROWS is what `embed --out` wrote, with --stars or without. Where a star lacks a band, the mean of
all stars stands for it: that is nothing odd. The score of an object is the mean of -log10(share of
objects at least as odd), by the density of objects around it and by an isolation forest. With
--catalog and --weights also by how badly the weights reconstruct the light curve, in units of its
errors: that finds flares, dips and other events that happen once, and takes as long as `embed` did;
with rows of --stars it is that of the band --band. The page of --plot is one HTML file that needs
no network.""",
        [
            click.Argument(["rows"], type=File()),
            option("--top N", "Objects to find.", NUMBER, default=100),
            OUT,
            option(
                "--plot FILE",
                "Draw them on a page, .html; needs --catalog.",
                File(".html", written=Output()),
            ),
            MORE,
            by_weights("--weights", "Also score their reconstructions; needs --catalog."),
            OVERWRITE,
        ],
        USING,
        [
            "outliers emb/ --top 20",
            "outliers emb/ --out odd.csv --plot odd.html --catalog catalog.parquet",
        ],
    ),
    Command(
        "pretrain",
        f"""Train an encoder on a catalog, or go on with a pretrained one.

{IN_CATALOG} It trains by masked reconstruction, and by classes as well with --labels. --out becomes
a folder that goes wherever weights are asked for, with a model card in it, README.md; the figures
of every epoch go beside it, into OUT.history.csv. With --checkpoint, the same command goes on where
a killed or interrupted run was; more --max-epochs prolong it.""",
        [
            CATALOG,
            option(
                "--out FOLDER",
                "The folder to write.",
                File(written=Output(beside=HISTORY)),
                required=True,
            ),
            option("--licence NAME", "Of the weights, for the model card: MIT, CC-BY-4.0 …"),
            by_weights("--from", "What to begin with; else a fresh encoder.", dest="pretrained"),
            option("--checkpoint FILE", "State of the run, to go on from.", File(written=Output())),
            option("--architecture", "If fresh.", Choice([*ARCHITECTURES]), shown="astromer1"),
            choice("--recipe", "|".join(NAMES), "How to train; auto: as goes with the encoder."),
            option("--labels FILE", f"Learn classes, too: {LABELS}", File()),
            option("--max-epochs N", "Passes over the training windows.", int, default=10),
            option("--batch-size N", "Windows in a training step.", int, default=32),
            option("--window-size N", "Observations seen at once.", int, default=WINDOW_SIZE),
            SEED,
            *RUNNING[1:],
            OVERWRITE,
        ],
        USING,
        [
            "pretrain catalog.parquet --from macho --max-epochs 5 --out mine",
            "pretrain survey/ --d-model 128 --residual --checkpoint run.pt --out mine",
            "pretrain a.parquet --architecture periods --labels labels.csv --out mine",
        ],
        {
            "Values of the recipe": fields(Recipe, RECIPES, NO_OPTIONS),
            "Hyperparameters of a fresh encoder": fields(
                EncoderConfig, {n: c.get_params() for n, c in ARCHITECTURES.items()}, {"dropout"}
            ),
        },
    ),
]
NAME = click.Argument(["name"], metavar="NAME|PATH", shell_complete=weights_names)
WEIGHTS = [
    Command("weights:list_", "List the weights that have a name."),
    Command(
        "weights:fetch",
        """Download weights, if they are not here, and print where they are.

NAME is a name, or hf://user/name[@revision], doi:10.…, https://….""",
        [click.Argument(["name"], shell_complete=weights_names)],
    ),
    Command("weights:verify", "Check weights that are here against their checksum.", [NAME]),
    Command(
        "weights:info",
        """Tell licence, citation, size, place, architecture and training; compare a catalog.

With --catalog, it compares length, span, amplitude, cadence and error of the light curves with
those of the training: it prints percentiles, and warns where the catalog's median, or more than a
quarter of its objects, is outside the range of 98 % of the training objects. Embeddings are less
good there.""",
        [NAME, MORE],
        USING,
    ),
    Command(
        "weights:push",
        """Upload a folder of weights to the Hugging Face Hub, and print the URL of the commit.

FOLDER is as `pretrain` writes it; USER/NAME is created if it is not there.""",
        [
            click.Argument(["folder"], type=File(), metavar="FOLDER"),
            click.Argument(["repository"], metavar="USER/NAME"),
            flag("--private", "Only you can read it."),
            option("--revision R", "The branch.", shown="main"),
            option("--message M", "Of the commit."),
        ],
    ),
]
CLI = Group(
    "sklearn-astromer",
    "Embed astronomical light curves by ASTROMER, and train its encoder.",
    [
        *COMMANDS,
        Group(
            "weights",
            "List, fetch, verify, describe or publish weights.",
            WEIGHTS,
            [
                "weights list",
                "weights fetch macho",
                "weights info surveys-periods --catalog survey/ --band g",
                "weights push mine/ user/name --private",
            ],
        ),
        Command(
            "demo",
            "Embed and classify simulated stars, offline, in seconds.",
            # ten of each class, for five folds
            [option("--stars N", "How many.", click.IntRange(70), default=210), RUNNING[0], SEED],
        ),
        click.Command(
            "completion",
            params=[click.Argument(["shell"], type=Choice(["bash", "zsh", "fish"]))],
            callback=_completion,
            help="Print a script by which a shell completes commands, options and names.",
        ),
    ],
    ["demo", "inspect catalog.csv", "embed catalog.parquet --out emb.parquet", "embed --help"],
    epilog="Exit codes: 0 fine; 1 something was wrong with the input or its data; 2 the command "
    "line was not understood; 130 interrupted by Ctrl-C (143: terminated, 141: nobody reads the "
    "output any more). An output is either complete or was not touched; what is there already is "
    "replaced with --overwrite only.",
    context_settings={
        "show_default": True,
        "max_content_width": 100,
        "help_option_names": ["-h", "--help"],
    },
)
click.version_option(
    None, "-V", "--version", package_name="sklearn_astromer", message="%(version)s"
)(CLI)
