"""Catalogs larger than one machine, by LSDB and Dask."""

from sklearn_astromer.scale.partitions import embed_partitions

__all__ = ["embed_partitions"]
