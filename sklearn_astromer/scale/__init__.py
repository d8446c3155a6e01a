"""Catalogs that take long: folders of parts that survive a kill; LSDB and Dask."""

from sklearn_astromer.scale.folder import FolderState, embed_to_folder
from sklearn_astromer.scale.partitions import embed_partitions

__all__ = ["FolderState", "embed_partitions", "embed_to_folder"]
