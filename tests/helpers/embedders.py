"""Small embedders for tests."""

import dataclasses

from sklearn_astromer import AstromerEmbedder, EncoderConfig

HYPERPARAMETERS = {field.name for field in dataclasses.fields(EncoderConfig)} - {"dropout"}


def make_embedder(pretrained=None, **options):
    """Make an embedder; hyperparameters of the encoder stand beside its other parameters."""
    asked = {name: options.pop(name) for name in HYPERPARAMETERS & options.keys()}
    if asked:
        options["architecture"] = EncoderConfig(**asked)
    return AstromerEmbedder(pretrained, **options)
