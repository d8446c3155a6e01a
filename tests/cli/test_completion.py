"""Completion in real shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import ROOT

from sklearn_astromer.cli import main

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
IN_SHELLS = ["emb", "embed --layout fl"]  # a shell asks the command, a process, for each


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


@pytest.mark.parametrize("words", IN_SHELLS)
def test_bash(words, path):
    assert complete("bash", BASH, words) == CASES[words]


@pytest.mark.parametrize("words", [*IN_SHELLS, "inspect --survey=zt"])
def test_zsh(words, path):
    assert complete("zsh", ZSH, words) == CASES[words]


@pytest.mark.parametrize("words", IN_SHELLS)
def test_fish(words, path):
    assert set(CASES[words]) <= set(complete("fish", FISH, words))


@pytest.fixture
def answer(monkeypatch, capsys):
    """What the command says to a shell that asks, here in this process."""

    def ask(shell, *words):
        monkeypatch.setattr(os, "environ", os.environ.copy())
        monkeypatch.setattr(sys, "argv", ["sklearn-astromer"])
        monkeypatch.setenv("_SKLEARN_ASTROMER_COMPLETE", f"{shell}_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(["sklearn-astromer", *words]))
        monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words)))
        with pytest.raises(SystemExit):
            main()
        return capsys.readouterr().out.splitlines()

    return ask


@pytest.mark.parametrize("words", CASES)
def test_what_shells_are_told(words, answer):
    wanted = CASES[words]
    assert answer("zsh", *words.split())[1::3] == wanted
    if "=" not in words:  # which bash and fish split
        assert answer("bash", *words.split()) == [f"plain,{word}" for word in wanted]
        told = [line.split(",")[1].split("\t")[0] for line in answer("fish", *words.split())]
        assert told == wanted


def test_bash_asks_for_files_where_files_go(answer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("catalog.csv").write_text("")
    assert answer("bash", "embed", "cat") == ["file,cat"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_script_names_the_command(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_SKLEARN_ASTROMER_COMPLETE" in script
    assert "sklearn-astromer" in script
    assert f"{shell}_complete" in script
