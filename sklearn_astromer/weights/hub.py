"""Weights of the Hugging Face Hub: ``hf://user/repository[@revision]``, and publishing there.

huggingface_hub does the work, with its cache, tokens and settings (``HF_HOME``, ``HF_TOKEN``,
``HF_ENDPOINT``, ``HF_HUB_OFFLINE``).
"""

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from sklearn_astromer._extras import import_extra
from sklearn_astromer.weights.checkpoint import CONFIG, HEAD, MODEL, OTHERS, WEIGHTS, read_folder

__all__ = ["FILES", "fetch", "push"]

_LOGGER = logging.getLogger(__name__)
FILES = [CONFIG, WEIGHTS, *sorted(OTHERS)]
_REPOSITORY = r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+"
_ADDRESS = re.compile(rf"hf://({_REPOSITORY})(?:@([A-Za-z0-9_./-]+))?")


def fetch(address: str, *, progress: bool, download: bool) -> Path:
    """Return the folder of the last commit, or of a revision, see `weights.fetch`.

    Its name is the commit. Only the files of this package's format are fetched. Where the Hub
    cannot be reached, it is the last commit that was fetched.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or ".." in address:
        raise ValueError(f"{address} is no hf://user/repository or hf://user/repository@revision")
    repository, revision = match.groups()
    client = _client()
    try:
        with _bars(client, shown=progress):
            path = Path(
                client.snapshot_download(
                    repository,
                    revision=revision,
                    allow_patterns=FILES,
                    local_files_only=not download,
                    library_name="sklearn_astromer",
                )
            )
    except Exception as error:  # of the HTTP library, which is another in each major version
        if not download and isinstance(error, FileNotFoundError):
            raise FileNotFoundError(f"the weights {address} are not downloaded") from error
        raise OSError(
            f"the weights {address} could not be had from the Hugging Face Hub: {error}\n"
            f"Without a network, run `sklearn-astromer weights fetch {address}` elsewhere\n"
            f"and copy its folder models--{repository.replace('/', '--')} into"
            f" {client.constants.HF_HUB_CACHE}; private repositories need a token (`hf auth login`,"
            " or the environment variable HF_TOKEN)."
        ) from error
    _LOGGER.info("%s is commit %s", address, path.name)
    if not all((path / name).exists() for name in (CONFIG, WEIGHTS)):
        raise ValueError(
            f"the repository {address} holds no weights of sklearn_astromer at commit {path.name},"
            f" or they are not downloaded to their end: expected {CONFIG} and {WEIGHTS}"
        )
    return path


def push(
    folder: str | os.PathLike[str],
    repo_id: str,
    *,
    private: bool = False,
    token: str | None = None,
    revision: str | None = None,
    commit_message: str | None = None,
) -> str:
    """Upload a folder of weights to the Hugging Face Hub.

    Parameters
    ----------
    folder : path
        Written by this package, as by ``save_pretrained``. Only the files of its format are
        uploaded: ``config.json``, ``weights.safetensors``, and where they are there ``README.md``,
        ``model.json`` and ``head.safetensors``; a ``model.json`` or ``head.safetensors`` of before
        is deleted there.
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

    Returns
    -------
    str
        The URL of the commit.

    Raises
    ------
    FileNotFoundError, ValueError
        If there are no weights in the folder, or they are damaged; or if ``private=True`` and the
        repository exists and is public. Nothing is uploaded.
    OSError
        If the Hub cannot be reached or refuses.
    ImportError
        If huggingface_hub is not installed.
    """
    repo_id = repo_id.removeprefix("hf://")
    if not re.fullmatch(_REPOSITORY, repo_id):
        raise ValueError(f"{repo_id!r} is no name of a repository such as 'user/repository'")
    read_folder(folder)
    api = _client().HfApi(token=token, library_name="sklearn_astromer")
    try:
        api.create_repo(repo_id, private=private, exist_ok=True)
        if private and not api.model_info(repo_id).private:
            raise ValueError(
                f"{repo_id} is there already and public: choose another name, or make it private"
                f" in the settings at {api.endpoint}/{repo_id}/settings"
            )
        if revision is not None:
            api.create_branch(repo_id, branch=revision, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            revision=revision,
            allow_patterns=FILES,
            delete_patterns=[MODEL, HEAD],  # of those that are not uploaded
            commit_message=commit_message or "Upload weights of sklearn_astromer",
        )
    except ValueError:
        raise
    except Exception as error:
        raise OSError(
            f"{folder} could not be uploaded to {api.endpoint}/{repo_id}: {error}\n"
            "Check the name, and log in to an account that may write there: `hf auth login`, or the"
            " environment variable HF_TOKEN."
        ) from error
    return str(commit.commit_url)


def _client() -> ModuleType:
    for module in ("huggingface_hub.constants", "huggingface_hub.utils"):  # it imports neither
        import_extra(module, "hub", "the Hugging Face Hub")
    return import_extra("huggingface_hub", "hub", "the Hugging Face Hub")


@contextlib.contextmanager
def _bars(client: ModuleType, *, shown: bool) -> Iterator[None]:
    """Hide the progress bars of huggingface_hub, unless they are asked for."""
    hidden = not shown and not client.utils.are_progress_bars_disabled()
    if hidden:
        client.utils.disable_progress_bars()
    try:
        yield
    finally:
        if hidden:
            client.utils.enable_progress_bars()
