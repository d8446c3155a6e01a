"""A fitted embedder into a folder of weights with a card, and to the Hugging Face Hub."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer.inference.networks import make_checkpoint
from sklearn_astromer.modules.decoder import Astromer
from sklearn_astromer.weights.card import make_card, with_notes
from sklearn_astromer.weights.checkpoint import Checkpoint, write_folder
from sklearn_astromer.weights.hub import push


class Sharing:
    """`save_pretrained` and `push_to_hub` of `AstromerEmbedder`."""

    module_: Astromer
    window_size: int

    def save_pretrained(
        self,
        path: str | os.PathLike[str],
        *,
        licence: str | None = None,
        evaluation: Mapping[str, Any] | pd.DataFrame | None = None,
        command: str | None = None,
        overwrite: bool = False,
    ) -> None:
        """Write the network as a folder that ``pretrained=path`` reads (safetensors and JSON).

        Beside it goes a model card, ``README.md``, see `sklearn_astromer.weights.make_card`.

        Parameters
        ----------
        path : path
            The folder, which appears at once and whole.
        licence : str, optional
            Of the weights, such as ``"MIT"``. State one before you share them.
        evaluation : mapping or DataFrame, optional
            Figures for the card, best of objects that were not trained on.
        command : str, optional
            What trained them, for the card.
        overwrite : bool, default=False
            Whether weights that are at `path` already are replaced.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError
            If `evaluation` is neither a mapping nor a DataFrame.
        FileExistsError
            If weights are at `path` and are not to be replaced; or something else, or a card that
            was edited, which never are.
        """
        check_is_fitted(self, "module_")
        notes = {"licence": licence, "evaluation": evaluation, "command": command}
        checkpoint = self._checkpoint(name=os.path.basename(os.path.abspath(path)), **notes)
        write_folder(path, checkpoint, card=make_card(checkpoint), overwrite=overwrite)

    def _checkpoint(self, **notes: Any) -> Checkpoint:
        """Return what a folder keeps of the fitted network."""
        info = getattr(self, "info_", {})  # of an old pickle nothing is known
        return make_checkpoint(self.module_, self.window_size, with_notes(info, **notes))

    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool = False,
        token: str | None = None,
        revision: str | None = None,
        commit_message: str | None = None,
        licence: str | None = None,
        evaluation: Mapping[str, Any] | pd.DataFrame | None = None,
    ) -> str:
        """Upload what `save_pretrained` writes to the Hugging Face Hub.

        ``"hf://user/repository"`` then names it wherever weights are asked for. Needs ``pip install
        sklearn_astromer[hub]``.

        Parameters
        ----------
        repo_id : str
            ``"user/repository"``, created if need be.
        private : bool, default=False
            Whether only you can read it.
        token : str, optional
            Of an account that may write. Default: that of ``hf auth login``, or ``HF_TOKEN``.
        revision : str, optional
            The branch, created if need be. Default: ``"main"``.
        commit_message : str, optional
            Default: "Upload weights of sklearn_astromer".
        licence, evaluation
            As for `save_pretrained`.

        Returns
        -------
        str
            The URL of the commit.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        ValueError
            If ``private=True`` and the repository exists and is public.
        OSError
            If the Hub cannot be reached or refuses.
        ImportError
            If huggingface_hub is not installed.
        """
        with tempfile.TemporaryDirectory() as parent:
            folder = Path(parent) / Path(repo_id).name  # which the card is headed by
            self.save_pretrained(folder, licence=licence, evaluation=evaluation)
            return push(
                folder,
                repo_id,
                private=private,
                token=token,
                revision=revision,
                commit_message=commit_message,
            )
