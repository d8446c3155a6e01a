"""Commands in this process and in others, and limits to this one."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from sklearn_astromer.cli import main

ROOT = Path(__file__).parents[2]


def run(*words):
    return main([str(word) for word in words])


def process(*words, **kwargs):
    command = [sys.executable, "-m", "sklearn_astromer", *map(str, words)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            "TQDM_MININTERVAL": "0.1",
        },
        **kwargs,
    )


def read_until(running, *texts):
    seen = ""
    while not any(text in seen for text in texts):
        piece = os.read(running.stderr.fileno(), 1000).decode()
        assert piece, seen  # it ended before
        seen += piece


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@contextlib.contextmanager
def full_disk(size):
    """Let no file of this process grow past so many bytes, as if the disk was full then."""
    import resource  # Windows has none

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
