"""Refuse what would hang in a forked process."""

from __future__ import annotations

import os

import torch


class _Forks:
    """Whether this process is the fork of one that had computed already."""

    computed = False
    stranded = False

    @classmethod
    def after_fork(cls) -> None:
        cls.stranded = cls.computed


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Forks.after_fork)


def refuse_fork(device: torch.device) -> None:
    """Raise an error where torch would wait forever for threads that a fork has left behind.

    Raises
    ------
    RuntimeError
        If the process was forked from one that had computed, and has more than one thread or a GPU.
    """
    if _Forks.stranded and (device.type != "cpu" or torch.get_num_threads() > 1):
        raise RuntimeError(
            "this process was forked from one that had used torch, whose threads do not survive a "
            "fork: it would hang. Start processes by joblib's loky (n_jobs=…), or by "
            "multiprocessing.get_context('spawn')"
        )
    _Forks.computed = True
