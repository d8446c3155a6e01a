"""Recipes: how a network is trained, as data."""

import os
from collections.abc import Collection
from typing import Any

from sklearn_astromer._fields import Described, described, option

#: Values of a recipe that say nothing of what is learned.
OF_A_MACHINE = ("part_windows", "compile", "checkpoint_minutes", "log_dir", "callbacks")

#: What ``augment=True`` does to windows, and what else there is.
USUAL = ("thin", "reverse", "shift")
CHANGES = (*USUAL, "crop", "jitter", "noise")

_PAPER: dict[str, Any] = {
    "loss": "rmse",
    "masking": "fixed",
    "probed_fraction": 0.5,
    "random_fraction": 0.2,
    "same_fraction": 0.2,
    "parts": 0,
    "augment": (),
    "error_weighted": False,
    "reconstruction": 1.0,
    "label_weight": 1.0,
    "label_smoothing": 0.0,
    "train_windows": 1,
    "optimizer": "adam",
    "lr": None,
    "head_lr": 1e-3,
    "weight_decay": 0.0,
    "clip": 0.0,
    "schedule": "constant",
    "warmup_steps": 0,
    "dropout": None,
    "patience": 3,
    "validation_fraction": 0.2,
    "blend": 1.0,
    "part_windows": None,
    "compile": False,
    "checkpoint_minutes": 1.0,
    "log_dir": None,
    "callbacks": (),
}
#: What a name of a recipe stands for.
RECIPES: dict[str, dict[str, Any]] = {
    # Donoso-Oliva et al. 2023, §4.3 and §5.2
    "astromer1": _PAPER,
    # that of `surveys-periods`
    "periods": _PAPER
    | {
        "loss": "smooth_l1",
        "masking": "varied",
        "parts": 4,
        "augment": ("thin", "reverse", "shift", "noise"),
        "optimizer": "adamw",
        "weight_decay": 0.02,
        "clip": 1.0,
        "schedule": "cosine",
        "warmup_steps": 300,
        "patience": 0,
        "validation_fraction": 0.0,
        "blend": None,
    },
    # a head on an encoder that is trained already
    "head": _PAPER | {"lr": 1e-5, "reconstruction": 0.0, "patience": 20},
}
NAMES = ("auto", *RECIPES)


def _value(text: str, kind: Any, **bounds: Any) -> Any:
    return option(default=None, text=text, kind=kind, optional=True, **bounds)


@described
class Recipe(Described):
    """How a network is trained: what the parameter `training` of an estimator holds.

    A value that is None is that of the recipe `name`: ``"astromer1"`` is the paper's, ``"periods"``
    the one that made the bundled encoders with own periods, ``"head"`` that of a classifier or
    regressor; ``"auto"`` takes the one that goes with the encoder (an embedder whose encoder has
    own periods: ``"periods"``), or ``"head"``. Values are reached as ``training__lr`` and so on,
    and can be searched by `sklearn.model_selection.GridSearchCV`.

    Raises
    ------
    ValueError
        If a value is out of its range.

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder, Recipe
    >>> AstromerEmbedder(None, architecture="periods", training=Recipe(lr=3e-4, patience=5))
    AstromerEmbedder(architecture='periods', pretrained=None,
                     training=Recipe(lr=0.0003, patience=5))
    >>> AstromerEmbedder(training="astromer1").set_params(training__schedule="cosine").training
    Recipe(name='astromer1', schedule='cosine')
    """

    name: str = option(default="auto", text="the recipe to begin with", choices=NAMES)
    loss: Any = _value(
        "of hidden observations: their RMSE (magnitudes; with `scaled_inputs` in units of the "
        "window's deviation), or the smooth L1 distance in units of the visible ones' deviation",
        str,
        choices=("rmse", "smooth_l1"),
    )
    masking: Any = _value(
        "``'fixed'`` hides by the three fractions below (§4.3); ``'varied'`` hides nothing in a "
        "fifth of the windows and 10 to 60 % of the others, in 3 of 10 windows as a run",
        str,
        choices=("fixed", "varied"),
    )
    probed_fraction: Any = _value(
        "observations asked for, in validation and `score` as well", float, low=0, high=1
    )
    random_fraction: Any = _value(
        "those of them that are shown with another magnitude", float, low=0, high=1
    )
    same_fraction: Any = _value("those of them that are shown as they are", float, low=0, high=1)
    parts: Any = _value(
        "random parts of each curve, thinned or consecutive, half of them with at most 40 "
        "observations, that stand for it in half of the cases; each has its own periodogram",
        int,
        least=0,
        most=1000,
    )
    augment: Any = _value(
        "how windows are changed in training: some of ``'thin'``, ``'reverse'``, ``'shift'``, "
        "``'crop'``, ``'jitter'``, ``'noise'``, or True for the first three, see "
        "`sklearn_astromer.training.augmentation.augment`",
        None,
        any=True,
    )
    error_weighted: Any = _value(
        "weigh an observation by 1/σ² over the mean of that in its window; needs errors", bool
    )
    reconstruction: Any = _value(
        "weight of the reconstruction of hidden observations beside the labels; an embedder always "
        "has 1, a classifier with ``train_encoder=True`` keeps what pretraining taught by it",
        float,
        low=0,
    )
    label_weight: Any = _value(
        "weight of the labels in the loss of an embedder with ``supervised=True``, times the share "
        "of the objects that have one",
        float,
        low=0,
    )
    label_smoothing: Any = _value(
        "probability that the loss spreads over all classes in training, where labels may err",
        float,
        low=0,
        below=1,
    )
    train_windows: Any = _value(
        "windows of an object in a step of a classifier or regressor, drawn anew each time; 0: all",
        int,
        least=0,
    )
    optimizer: Any = _value("the optimiser", str, choices=("adam", "adamw"))
    lr: Any = _value(
        "learning rate of the encoder; if that of the recipe is None, 1e-3 for a fresh encoder "
        "and 3e-4 for pretrained weights",
        float,
        low=0,
    )
    head_lr: Any = _value("learning rate of a head", float, low=0)
    weight_decay: Any = _value("of AdamW, for matrices", float, low=0)
    clip: Any = _value("largest norm of the gradient; 0: any", float, low=0)
    schedule: Any = _value(
        "of both rates after `warmup_steps`: constant; falling as 1/√step (eq. 5); or along a "
        "cosine to zero over `max_epochs`",
        str,
        choices=("constant", "inverse_sqrt", "cosine"),
    )
    warmup_steps: Any = _value(
        "steps in which the rates rise linearly; with a cosine, at most a tenth of all",
        int,
        least=0,
        most=10**9,
    )
    dropout: Any = _value(
        "of the encoder; if that of the recipe is None, 0.1 for a fresh encoder, and 0 for "
        "pretrained weights, whose vectors it changes more than curves differ",
        float,
        low=0,
        below=1,
    )
    patience: Any = _value(
        "stop when the validation has not improved for so many epochs; 0: never", int, least=0
    )
    validation_fraction: Any = _value(
        "objects (all bands of an id together) kept to choose the best epoch, whose weights are "
        "restored; 0: none, and the last weights stay",
        float,
        low=0,
        below=1,
    )
    blend: Any = _value(
        "share of the trained weights in what `fit` of an embedder keeps, the rest is the weights "
        "that it began with; if that of the recipe is None, 0.5 for pretrained weights, which "
        "embeds small catalogs better than either (Wortsman et al. 2022, arXiv:2109.01903), and 1 "
        "for a fresh encoder",
        float,
        low=0,
        high=1,
    )
    part_windows: Any = _value(
        "windows whose gradients are computed at once, to be summed over a batch, for batches "
        "larger than the memory of a GPU; None: all, and on a CPU as many as its cache holds",
        int,
        most=10**9,
    )
    compile: Any = _value(
        "train what `torch.compile` makes of the network, and on a GPU embed by it: twice as fast "
        "there, after half a minute",
        bool,
    )
    checkpoint_minutes: Any = _value(
        "time between two writes of `checkpoint`; 0: after every step", float, low=0
    )
    log_dir: Any = _value(
        "where TensorBoard finds the figures (``sklearn_astromer[tensorboard]``)", None, any=True
    )
    callbacks: Any = _value(
        "further callbacks of skorch, such as its loggers for MLflow or Weights & Biases",
        None,
        any=True,
    )

    @classmethod
    def told(cls, field: Any) -> str:
        """Return what a value is, and which the recipes have."""
        if field.name == "name":
            return super().told(field)
        values = [f"{RECIPES[name][field.name]!r} ({name})" for name in RECIPES]
        if len({value.partition(" (")[0] for value in values}) == 1:
            values = [repr(_PAPER[field.name])]
        return f"{super().told(field)}. Recipes have {', '.join(values)}"

    def __post_init__(self) -> None:
        super().__post_init__()
        chosen_changes(() if self.augment is None else self.augment)
        if self.callbacks is not None and not isinstance(self.callbacks, (list, tuple)):
            raise ValueError(f"callbacks is {self.callbacks!r}, expected a list or tuple of them")
        if self.log_dir is not None and not isinstance(self.log_dir, (str, os.PathLike)):
            raise ValueError(f"log_dir is {self.log_dir!r}, expected a path")
        shown = sum(getattr(self, f"{name}_fraction") or 0.0 for name in ("random", "same"))
        if shown > 1:
            raise ValueError(f"random_fraction + same_fraction is {shown}, expected at most 1")


def chosen_changes(augment: bool | str | Collection[str]) -> tuple[str, ...]:
    """Return the changes that the value `augment` of a recipe asks for.

    Raises
    ------
    ValueError
        If it asks for one that there is not.
    """
    if isinstance(augment, bool):
        return USUAL if augment else ()
    asked = (
        (augment,) if isinstance(augment, str) or not isinstance(augment, Collection) else augment
    )
    if not set(asked) <= set(CHANGES):
        raise ValueError(f"augment must be a bool or some of {CHANGES}, got {augment!r}")
    return tuple(asked)


def as_recipe(training: str | Recipe) -> Recipe:
    """Return the recipe that a parameter `training` asks for.

    Raises
    ------
    ValueError
        If it is neither a recipe nor the name of one.
    """
    if isinstance(training, Recipe):
        return training
    if training not in NAMES:
        raise ValueError(f"training must be a Recipe or one of {list(NAMES)}, got {training!r}")
    return Recipe(training)


def resolved(training: str | Recipe, auto: str, **unset: Any) -> Recipe:
    """Return the recipe with all values that have one.

    Parameters
    ----------
    training : str or Recipe
    auto : str
        What ``"auto"`` stands for.
    **unset
        Values where neither the recipe nor the name it begins with has one.
    """
    recipe = as_recipe(training)
    name = auto if recipe.name == "auto" else recipe.name
    given = {k: v for k, v in recipe.get_params().items() if v is not None}
    named = {k: v for k, v in RECIPES[name].items() if v is not None}
    return Recipe(**(unset | named | given | {"name": name}))


def of_a_run(recipe: Recipe) -> dict[str, Any]:
    """Return the values that decide what is learned."""
    return {k: v for k, v in recipe.get_params().items() if k not in OF_A_MACHINE}
