"""Whether a file of usearch can be searched: the library itself follows whatever links it holds.

Such a file holds the rows (their number and bytes of each, then the rows), a head of 64 bytes, a
head of the graph (size, links of a row, links on the ground level, highest level, and the row where
a search begins), the level of each row, and for each row its key, its level, and for each level
from the ground up the number of its links, the links, and room for more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_HEAD_BYTES = 64
_MAGIC = b"usearch"
_KINDS = slice(13, 17)  # of metric, numbers, keys and places
_CHUNK = 2**16
_HEAD = np.dtype([("present", "<u8"), ("deleted", "<u8"), ("features", "<u8"), ("multi", "u1")])


def check_graph(path: Path, shape: tuple[int, int], links: int, like: bytes) -> None:
    """Raise ValueError if a file is no graph of rows of this shape.

    Parameters
    ----------
    path : Path
    shape : (int, int)
        Rows, and features of each.
    links : int
        Of a row, on each level but the ground, where there may be twice as many.
    like : bytes
        A graph as this version of usearch writes it.
    """
    n, width = shape
    content = np.memmap(path, np.uint8, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
    at = 8 + 4 * n * width
    levels_at = at + _HEAD_BYTES + 40
    nodes_at = levels_at + 2 * n
    _require(len(content) >= nodes_at and n > 0, "it is too short")
    _require(content[:8].view("<u4").tolist() == [n, 4 * width], "its rows are others")
    head = content[at : at + _HEAD_BYTES].tobytes()
    mine = like[8 + int(np.frombuffer(like, "<u4", 2).prod()) :][:_HEAD_BYTES]
    _require(head.startswith(_MAGIC) and head[7:9] == mine[7:9], "its version is another")
    said = np.frombuffer(head, _HEAD, 1, 17)[0].item()
    _require(head[_KINDS] == mine[_KINDS] and said == (n, 0, width, 0), "its head is another")
    graph = content[at + _HEAD_BYTES : levels_at].view("<u8").tolist()
    levels = np.array(content[levels_at:nodes_at].view("<i2"), dtype=np.int64)
    _require(graph[:3] == [n, links, 2 * links], "its size is another")
    _require(levels.min() >= 0 and levels.max() == graph[3], "its levels are wrong")
    _require(graph[4] < n and levels[graph[4]] == graph[3], "its entry is wrong")
    sizes = 10 + 4 * (1 + 2 * links) + levels * 4 * (1 + links)
    ends = nodes_at + np.cumsum(sizes)
    _require(int(ends[-1]) == len(content), "its length is wrong")
    keys = np.empty(n, dtype=np.uint64)
    for level in np.unique(levels):
        rows = np.flatnonzero(levels == level)
        node = _node(int(level), links)
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            bytes_of = (ends - sizes)[some][:, None] + np.arange(node.itemsize)
            nodes = content[bytes_of].view(node)[:, 0]
            keys[some] = nodes["key"]
            _require((nodes["level"] == level).all(), "a level is wrong")
            for height in range(int(level) + 1):
                _check_links(nodes[f"count{height}"], nodes[f"links{height}"], levels, height)
    _require(np.array_equal(np.sort(keys), np.arange(n)), "its keys are wrong")


def _node(level: int, links: int) -> np.dtype[np.void]:
    """Return how a row of a level is stored."""
    fields: list[tuple[str, str] | tuple[str, str, int]] = [("key", "<u8"), ("level", "<i2")]
    for height in range(level + 1):
        fields += [
            (f"count{height}", "<u4"),
            (f"links{height}", "<u4", links * (1 + (height == 0))),
        ]
    return np.dtype(fields)


def _check_links(
    count: NDArray[np.uint32], links: NDArray[np.uint32], levels: NDArray[np.int64], height: int
) -> None:
    _require(int(count.max(initial=0)) <= links.shape[1], "a row has too many links")
    there = links[np.arange(links.shape[1]) < count[:, None]]
    _require(int(there.max(initial=0)) < len(levels), "a link leads to no row")
    _require(bool((levels[there] >= height).all()), "a link leads to another level")


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)
