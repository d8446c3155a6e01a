"""scikit-learn's own checks, on every estimator: no expected failure."""

import pytest
from embedders import make_embedder, with_head_recipe
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_astromer import (
    AstromerClassifier,
    AstromerRegressor,
    VariabilityFeatures,
)

# Constructed small; sample weights equal repetition only in a single step over all objects.
TINY = {"d_model": 16, "n_heads": 2, "d_ff": 16, "dropout": 0.0, "random_state": 0}
ONE_STEP = {
    "max_epochs": 1,
    "batch_size": 1000,
    "patience": 0,
    "validation_fraction": 0,
    "random_state": 0,
}


def frozen():
    return make_embedder(**TINY, residual=True, max_epochs=0)


# Adam's first step is the sign of the gradient, so a gradient that is zero up to rounding moves a
# weight by the learning rate one way or the other: the rate is small here. The encoder is passed
# through as in training but not moved, for even the last bit of its weights shows at 1e-7.
HEAD = {**ONE_STEP, "units": 8, "dropout": 0.0, "head_lr": 1e-5}


@pytest.mark.filterwarnings("ignore:.*lie outside:UserWarning")  # their X is no magnitude
@parametrize_with_checks(
    [
        make_embedder(**{**TINY, **ONE_STEP}),
        make_embedder(**TINY, max_epochs=0, row=("mean", "std")),
        make_embedder(**{**TINY, **ONE_STEP}, scaled_inputs=True, own_periods=2),
        AstromerClassifier(frozen(), **with_head_recipe(HEAD)),
        AstromerClassifier(
            frozen(), head="skip", train_encoder=True, **with_head_recipe({**HEAD, "lr": 0.0})
        ),
        AstromerClassifier(frozen(), head="lstm", **with_head_recipe(HEAD)),
        AstromerRegressor(frozen(), **with_head_recipe(HEAD)),
        VariabilityFeatures(),
        VariabilityFeatures([""]),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
