"""How many mutants of windows, masking, `LightCurves` and weights their own tests kill.

    OMP_NUM_THREADS=1 python benchmarks/mutants.py

A mutant is one operator, constant, condition or statement changed, in a copy of the tree; a random
sample of each group is run against the tests of its modules alone, each in a fork. It is killed if
a test fails, or nothing ends in time. Messages, annotations and the list of known weights are left
out. Hypothesis neither shrinks nor replays, and tries fewer examples.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import report

ROOT = Path(__file__).parents[1]
GROUPS = {
    "windows": (["windows"], ["test_windows"]),
    "masking": (["masking"], ["test_masking"]),
    "LightCurves": (
        ["lightcurves", "_flat", "_checks"],
        ["test_bad_input", "test_columns", "test_lightcurves", "reliability/test_input"],
    ),
    "weights": (
        [f"weights/{m}" for m in ("_contents", "checkpoint", "official", "store", "tf_checkpoint")],
        [
            f"weights/test_{m}"
            for m in ("checkpoint", "folder", "official", "tf_checkpoint", "astromer2", "store")
        ],
    ),
}
# They take long and see nothing that the others do not.
LEFT_OUT = (
    "test_lightcurves.py::test_cross_validation_and_searches",
    "test_lightcurves.py::test_ensembles_of_pipelines",
    "weights/test_astromer2.py::test_it_trains_and_is_kept_as_our_own",
    "weights/test_tf_checkpoint.py::test_crc32c_is_fast",
)
SECONDS = 300
# Imported before the forks, which then start at once.
IMPORTED = (
    "filelock hypothesis.strategies joblib pandas platformdirs pooch pyarrow.parquet requests "
    "safetensors.numpy skorch sklearn.ensemble sklearn.model_selection sklearn.pipeline tqdm.auto"
)
COMPARED: dict[Any, Any] = {ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.Eq: ast.NotEq}
COMPARED |= {ast.Is: ast.IsNot, ast.In: ast.NotIn}
COMPARED |= {there: here for here, there in COMPARED.items()}
COMPUTED: dict[Any, Any] = {ast.Add: ast.Sub, ast.FloorDiv: ast.Mult, ast.BitAnd: ast.BitOr}
COMPUTED |= {ast.LShift: ast.RShift}
COMPUTED |= {there: here for here, there in COMPUTED.items()}
COMPUTED |= {ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitXor: ast.BitOr}


def changes(tree: ast.Module) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Yield a node and what changes it, for each change that can be made."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        out = [getattr(node, name, None) for name in ("annotation", "returns")]
        if isinstance(node, (ast.JoinedStr, ast.Raise)) or (
            getattr(node, "name", "") in ("__repr__", "WeightsEntry")
        ):
            out.append(node)
        skipped |= {id(inner) for part in out if part is not None for inner in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) not in skipped:
            yield from ((node, change) for change in changes_of(node))


def changes_of(node: Any) -> Iterator[Callable[[], None]]:
    """Yield what can be done to one node."""

    def put(**fields: Any) -> Callable[[], None]:
        return lambda: node.__dict__.update(fields)

    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            yield put(ops=[*node.ops[:i], COMPARED[type(op)](), *node.ops[i + 1 :]])
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in COMPUTED:
        yield put(op=COMPUTED[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield put(op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield put(operand=ast.UnaryOp(ast.Not(), node.operand))
    elif isinstance(node, ast.UnaryOp):
        yield put(op=ast.UAdd())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield put(value=not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield put(value=node.value + 1)
    elif isinstance(node, (ast.If, ast.While)):
        yield put(test=ast.Constant(isinstance(node, ast.If)))
        if isinstance(node, ast.If):
            yield put(test=ast.Constant(False))
    elif isinstance(node, ast.IfExp):
        yield put(body=node.orelse, orelse=node.body)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield put(value=ast.Constant(None))


def mutants(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield what was changed, and the source with it."""
    source = path.read_text()
    for i in range(len(list(changes(ast.parse(source))))):
        tree = ast.parse(source)
        node, change = list(changes(tree))[i]
        before = ast.unparse(node).split("\n")[0]
        change()
        after = ast.unparse(node).split("\n")[0]
        yield {"line": node.lineno, "before": before, "after": after}, ast.unparse(tree)


def survives(tree: Path, tests: list[str]) -> bool:
    """Run tests in a fork."""
    child = os.fork()
    if child == 0:
        os.setsid()
        log = os.open(tree / "last.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(tree)
        sys.path.insert(0, str(tree))
        options = ["-x", "-q", "-p", "no:cacheprovider", "-m", "not reliability"]
        options += ["-o", "addopts=--import-mode=importlib"]
        options += [f"--deselect=tests/{name}" for name in LEFT_OUT]
        os._exit(int(pytest.main([*options, *(f"tests/{name}.py" for name in tests)])))
    start = time.monotonic()
    while time.monotonic() - start < SECONDS:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def copy_tree(tree: Path) -> None:
    """Copy package and tests, and let hypothesis try less."""
    for name in ("sklearn_astromer", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    with open(tree / "tests" / "conftest.py", "a") as conftest:
        conftest.write(
            "\nfrom hypothesis import Phase\n"
            'settings.register_profile("mutants", settings.get_profile("suite"), '
            "phases=[Phase.explicit, Phase.generate])\n"
            'settings.load_profile("mutants")\n'
        )
    many = tree / "tests" / "reliability" / "test_input.py"
    text = many.read_text()
    assert "EXAMPLES = [200," in text
    many.write_text(text.replace("EXAMPLES = [200,", "EXAMPLES = [40,"))


def main() -> None:
    """Run the samples, print the survivors and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--per-group", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        raise SystemExit("set OMP_NUM_THREADS=1: threads do not survive a fork")
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    for name in IMPORTED.split():
        importlib.import_module(name)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(tree)
        for group, (modules, tests) in GROUPS.items():
            if not survives(tree, tests):
                raise SystemExit((tree / "last.log").read_text()[-3000:])
            paths = [tree / "sklearn_astromer" / f"{module}.py" for module in modules]
            pool = [(path, *mutant) for path in paths for mutant in mutants(path)]
            sample = random.Random(args.seed).sample(pool, min(args.per_group, len(pool)))
            survivors = []
            for path, change, source in sample:
                good = path.read_text()
                path.write_text(source)
                if survives(tree, tests):
                    survivors.append({"file": path.name, **change})
                    print(survivors[-1], flush=True)
                path.write_text(good)
            killed = len(sample) - len(survivors)
            figures[group] = {"of": len(sample), "killed": killed, "survivors": survivors}
            print(f"{group}: {killed} of {len(sample)} killed, of {len(pool)} possible", flush=True)
    report.write("mutants", figures)


if __name__ == "__main__":
    main()
