"""Small estimators for tests."""

import dataclasses

from sklearn_astromer import AstromerEmbedder, EncoderConfig, Recipe

HYPERPARAMETERS = {field.name for field in dataclasses.fields(EncoderConfig)} - {"dropout"}
RECIPE = {field.name for field in dataclasses.fields(Recipe)}


def make_embedder(pretrained=None, **options):
    """Make an embedder; values of its architecture and its recipe stand beside its parameters.

    Its rows are the mean of the vectors alone, which tests count in channels.
    """
    options = {"row": "mean"} | options
    asked = {name: options.pop(name) for name in HYPERPARAMETERS & options.keys()}
    if asked:
        options["architecture"] = EncoderConfig(**asked)
    return AstromerEmbedder(pretrained, **with_recipe(options))


def with_recipe(options, own=()):
    """Put values of a recipe into one, but those that are parameters of their `own`."""
    values = {name: options[name] for name in (RECIPE - set(own)) & options.keys()}
    options = {name: value for name, value in options.items() if name not in values}
    return options | ({"training": Recipe(**values)} if values else {})


def with_head_recipe(options):
    """Do the same for a classifier or regressor, whose dropout is its head's."""
    return with_recipe(options, own=("dropout",))
