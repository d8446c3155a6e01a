"""Weights called "tiny": a zip that a server on this machine has."""

import hashlib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hub_server import FileServer
from packing import zipped

from sklearn_astromer.weights import fetch, registry, store

FOLDER = Path(__file__).parents[1] / "data" / "astromer2"
FILES = ("config.toml", "weights.index", "weights.data-00000-of-00001")

# What `serving` does, for the processes that tests start.
REGISTER = """
import dataclasses, os, sys
from sklearn_astromer.weights import registry, store
registry.WEIGHTS["tiny"] = dataclasses.replace(
    registry.WEIGHTS["macho-v2"], url=os.environ.get("TINY_URL"), sha256=os.environ.get("TINY_SHA")
)
"""


def packed(padding=2_000_000):
    """Return a zip of a real checkpoint and of so many bytes that cannot be packed."""
    files = {name: (FOLDER / name).read_bytes() for name in FILES}
    return zipped(files | {"padding": np.random.default_rng(0).bytes(padding)}, "tiny/")


class TinyServer(FileServer):
    """Serves "tiny", and knows where it lies in the cache."""

    def __init__(self):
        super().__init__()
        self.address = f"{self.url}/tiny.zip"
        self.files["/tiny.zip"] = self.content = packed()
        self.sha256 = hashlib.sha256(self.content).hexdigest()

    @property
    def folder(self):
        return store.folder_of(self.address)

    @property
    def came(self):
        """Bytes that a download which is not complete has brought."""
        partial = self.folder / "partial" / "archive.partial"
        return partial.stat().st_size if partial.exists() else 0

    @property
    def here(self):
        """Whether the weights can be used; they are never half there."""
        try:
            path = fetch("tiny", download=False)
        except FileNotFoundError:
            return False
        files = {file.name: file.read_bytes() for file in path.iterdir()}
        assert files == {name: (FOLDER / name).read_bytes() for name in FILES}
        return True


@contextmanager
def serving():
    """Give a server of "tiny", which is a name of weights meanwhile."""
    server = TinyServer()
    entry = replace(
        registry.WEIGHTS["macho-v2"], name="tiny", url=server.address, sha256=server.sha256
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry.WEIGHTS, "tiny", entry)
        patch.setenv("TINY_URL", server.address)
        patch.setenv("TINY_SHA", server.sha256)
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield server
    server.close()
