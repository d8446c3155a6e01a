"""Completion in real shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import ROOT

BASH = """
eval "$(sklearn-astromer completion bash)"
complete -p sklearn-astromer > /dev/null || exit 1
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_sklearn_astromer_completion sklearn-astromer 2> err
printf '%s\\n' "${{COMPREPLY[@]}}"
grep -v compopt err >&2
"""
ZSH = """
compdef() {{ : }}
eval "$(sklearn-astromer completion zsh)"
compadd() {{ print -l -- $completions }}
_describe() {{ print -l -- ${{completions_with_descriptions%%:*}} }}
words=({words})
CURRENT=$#words
_sklearn_astromer_completion
"""
FISH = """
sklearn-astromer completion fish | source
complete --do-complete "{words}"
"""
CASES = {
    "emb": ["embed"],
    "weights ve": ["verify"],
    "embed --lay": ["--layout"],
    "embed --layout fl": ["float32", "float16"],
    "embed --weights mac": ["macho", "macho-v2"],
    "inspect --survey=zt": ["ztf", "ztf-hats", "ztf-forced"],
    "pretrain --arch": ["--architecture"],
}


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Where the command is, as after an installation."""
    script = tmp_path / "bin" / "sklearn-astromer"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sklearn_astromer "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complete(shell, script, words):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    flags = {"bash": ["--norc", "-c"], "zsh": ["-f", "-c"], "fish": ["--no-config", "-c"]}[shell]
    done = subprocess.run(
        [program, *flags, script.format(words=f"sklearn-astromer {words}")],
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("words", [w for w in CASES if "=" not in w])
def test_bash(words, path):
    assert complete("bash", BASH, words) == CASES[words]


@pytest.mark.parametrize("words", CASES)
def test_zsh(words, path):
    assert complete("zsh", ZSH, words) == CASES[words]


@pytest.mark.parametrize("words", [w for w in CASES if "=" not in w])
def test_fish(words, path):
    assert set(CASES[words]) <= set(complete("fish", FISH, words))


def test_bash_asks_for_files_where_files_go(path):
    Path("catalog.csv").write_text("")
    done = subprocess.run(
        ["sklearn-astromer"],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "_SKLEARN_ASTROMER_COMPLETE": "bash_complete",
            "COMP_WORDS": "sklearn-astromer embed cat",
            "COMP_CWORD": "2",
        },
    )
    assert done.stdout.strip() == "file,cat"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_script_names_the_command(shell, path):
    words = ["sklearn-astromer", "completion", shell]
    script = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "_SKLEARN_ASTROMER_COMPLETE" in script
    assert "sklearn-astromer" in script
    assert f"{shell}_complete" in script
