"""Addresses of what other projects document, for links that need no network to be made.

The build has no network, so that it cannot fetch inventories. Each project here has the address of
its site, what the addresses of its pages look like, and the names that our pages and examples use.
"""

from __future__ import annotations

import zlib
from pathlib import Path

CLASS, FUNCTION, METHOD = "class", "function", "method"
PROJECTS = {
    "sklearn": (
        "https://scikit-learn.org/stable/",
        "modules/generated/{name}.html#{name}",
        {
            CLASS: """
                sklearn.calibration.CalibratedClassifierCV sklearn.compose.ColumnTransformer
                sklearn.ensemble.HistGradientBoostingClassifier
                sklearn.ensemble.RandomForestClassifier sklearn.ensemble.RandomForestRegressor
                sklearn.frozen.FrozenEstimator sklearn.linear_model.LogisticRegression
                sklearn.linear_model.RidgeCV sklearn.metrics.ConfusionMatrixDisplay
                sklearn.model_selection.GridSearchCV sklearn.model_selection.GroupKFold
                sklearn.model_selection.StratifiedKFold
                sklearn.neighbors.KNeighborsClassifier sklearn.neighbors.KNeighborsTransformer
                sklearn.neighbors.NearestNeighbors
                sklearn.pipeline.FeatureUnion sklearn.pipeline.Pipeline
                sklearn.preprocessing.FunctionTransformer sklearn.preprocessing.StandardScaler
            """,
            FUNCTION: """
                sklearn.base.clone sklearn.metrics.f1_score
                sklearn.model_selection.cross_val_predict sklearn.model_selection.cross_val_score
                sklearn.model_selection.train_test_split sklearn.pipeline.make_pipeline
                sklearn.utils.Bunch
            """,
        },
    ),
    "matplotlib": (
        "https://matplotlib.org/stable/",
        "api/_as_gen/{name}.html#{name}",
        {
            METHOD: """
                matplotlib.axes.Axes.errorbar matplotlib.axes.Axes.fill_between
                matplotlib.axes.Axes.plot matplotlib.axes.Axes.scatter
            """,
            FUNCTION: "matplotlib.pyplot.subplots",
        },
    ),
    "numpy": (
        "https://numpy.org/doc/stable/",
        "reference/generated/{name}.html#{name}",
        {
            FUNCTION: """
                numpy.concatenate numpy.flatnonzero numpy.isin numpy.load numpy.percentile
                numpy.random.default_rng numpy.unique numpy.vstack numpy.where
            """,
        },
    ),
    "pandas": (
        "https://pandas.pydata.org/docs/",
        "reference/api/{name}.html#{name}",
        {
            CLASS: "pandas.DataFrame pandas.Series",
            FUNCTION: "pandas.crosstab pandas.read_csv pandas.read_parquet",
        },
    ),
    "torch": (
        "https://docs.pytorch.org/docs/stable/",
        "generated/{name}.html#{name}",
        {
            CLASS: "torch.nn.Dropout torch.nn.LayerNorm",
            FUNCTION: """
                torch.compile torch.nn.functional.dropout torch.nn.functional.layer_norm
                torch.nn.functional.scaled_dot_product_attention torch.set_num_threads
            """,
        },
    ),
    "astropy": (
        "https://docs.astropy.org/en/stable/",
        "api/{name}.html#{name}",
        {CLASS: "astropy.timeseries.LombScargle astropy.timeseries.TimeSeries"},
    ),
}


def write(folder: Path) -> dict[str, tuple[str, str]]:
    """Write an inventory of each project into a folder; return `intersphinx_mapping`."""
    folder.mkdir(parents=True, exist_ok=True)
    mapping = {}
    for project, (site, page, names) in PROJECTS.items():
        lines = [
            f"{name} py:{role} 1 {page.format(name=name)} -\n"
            for role, words in names.items()
            for name in words.split()
        ]
        head = (
            f"# Sphinx inventory version 2\n# Project: {project}\n# Version: \n"
            "# The remainder of this file is compressed using zlib.\n"
        )
        path = folder / f"{project}.inv"
        path.write_bytes(head.encode() + zlib.compress("".join(lines).encode()))
        mapping[project] = (site, str(path))
    return mapping
