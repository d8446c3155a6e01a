"""hf:// and publishing, by the real huggingface_hub, against a Hub of the tests' own.

In processes of their own: huggingface_hub reads its environment when it is imported.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest
from hub_server import TOKEN, HubServer

from sklearn_astromer import weights
from sklearn_astromer.weights.checkpoint import checkpoint_files, write_folder
from sklearn_astromer.weights.hub import push

pytestmark = [
    pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="needs huggingface_hub"),
    pytest.mark.usefixtures("cache"),
]

BEGIN = """
import json, sys
from pathlib import Path
from sklearn_astromer import weights
from sklearn_astromer.weights.hub import push

def value(name, load=weights.load):
    return float(load(name).tensors["decoder.out.bias"][0])

def error(function, *args, **kwargs):
    try:
        return f"no error, but {function(*args, **kwargs)}"
    except (OSError, ValueError) as error:
        kind = next(k for k in (FileNotFoundError, OSError, ValueError) if isinstance(error, k))
        return f"{kind.__name__}: {error}"

answer = None
"""


class Hub:
    """The server, and processes that use it."""

    def __init__(self, folder):
        self.server = HubServer()
        self.cache = folder / "hf" / "hub"
        self.records = folder / "home" / "weights" / "hub"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
        self.env |= {
            "HF_HOME": str(folder / "hf"),
            "HF_ENDPOINT": self.server.url,
            "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "1",  # another protocol, and another server
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
        }

    def start(self, code, *args, **env):
        code = f"{BEGIN}{textwrap.dedent(code)}\nprint(json.dumps(answer))"
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, args)],
            env=self.env | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code, *args, **env):
        """Run code, and return what it left in `answer`."""
        process = self.start(code, *args, **env)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return json.loads(out.splitlines()[-1])

    def value(self, name, **env):
        return self.run("answer = value(sys.argv[1])", name, **env)

    def error(self, name, **env):
        return self.run("answer = error(value, sys.argv[1])", name, **env)

    def publish(self, files, name="me/mine", branch="main"):
        """Put files there without a client, and return the commit."""
        if name not in self.server.repositories:
            self.server.create_repository(name)
        return self.server.repositories[name].commit(branch, files)


@pytest.fixture
def hub(tmp_path):
    made = Hub(tmp_path)
    yield made
    made.server.close()


@pytest.fixture
def files(make_checkpoint):
    return lambda value: checkpoint_files(make_checkpoint(value))


def test_push_and_fetch_by_name_and_revision(hub, make_checkpoint, tmp_path):
    for i in (1, 2, 3):
        folder = tmp_path / str(i)
        write_folder(folder, make_checkpoint(float(i)))
        (folder / "secret.txt").write_text("not to be uploaded")
        (folder / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n")
    (tmp_path / "1" / "model.json").write_text("{}")
    (tmp_path / "1" / "head.safetensors").write_bytes(b"of a classifier")
    old, new, other, latest, first, branch, offered = hub.run(
        """
        urls = [push(sys.argv[1], "me/mine", commit_message="the first"),
                push(sys.argv[2], "hf://me/mine"), push(sys.argv[3], "me/mine", revision="v3")]
        commit = urls[0].rpartition("/")[2]
        answer = [*urls, *map(value, ["hf://me/mine", f"hf://me/mine@{commit}", "hf://me/mine@v3"])]
        answer.append(str(weights.fetch("hf://me/mine")))
        """,
        *(tmp_path / str(i) for i in (1, 2, 3)),
    )
    repository = hub.server.repositories["me/mine"]
    assert old.startswith(f"{hub.server.url}/me/mine/commit/")
    assert [url.rpartition("/")[2] for url in (old, new, other)] == list(repository.commits)[1:]
    assert (latest, first, branch) == (2, 1, 3)
    assert Path(offered).name == repository.branches["main"]
    both = {"config.json", "weights.safetensors", "README.md"}
    first_files, *later = [set(each) for each in repository.commits.values()][1:]
    assert first_files == both | {"model.json", "head.safetensors"}
    assert later == [both, both]  # a head of before is none of these weights
    records = [json.loads(path.read_text()) for path in hub.records.rglob("*.json")]
    assert {record["commit"] for record in records} == set(list(repository.commits)[1:])


def test_only_files_of_the_format_are_fetched(hub, files):
    others = {"pytorch_model.bin": b"a pickle", "conf.json": b"{}", "sub/config.json": b"{}"}
    hub.publish(files(1.0) | others)
    assert hub.value("hf://me/mine") == 1
    got = {each.rpartition("/")[2] for each in hub.server.requests if "/resolve/" in each}
    assert got == {"config.json", "weights.safetensors"}
    found = {path.name for path in hub.cache.rglob("snapshots/*/*")}
    assert found == {"config.json", "weights.safetensors"}
    # what another tool put there is not read, either
    (snapshot,) = hub.cache.rglob("snapshots/*")
    (snapshot / "conf.json").write_text("{}")
    assert hub.value("hf://me/mine") == 1


def test_offline(hub, files):
    commit = hub.publish(files(1.0))
    absent = "hf://me/other"
    assert hub.value("hf://me/mine") == 1
    hub.server.close()
    assert hub.value("hf://me/mine") == 1
    code = "answer = [value(sys.argv[1]), value(sys.argv[2]), error(value, sys.argv[3])]"
    names = ("hf://me/mine", f"hf://me/mine@{commit}", absent)
    *found, message = hub.run(code, *names, HF_HUB_OFFLINE="1")
    assert found == [1, 1]
    assert message.startswith(f"OSError: the weights {absent} could not be had")
    assert f"weights fetch {absent}" in message
    assert str(hub.cache) in message


def test_a_name_without_revision_follows_its_branch(hub, files):
    hub.publish(files(1.0))
    assert hub.value("hf://me/mine") == 1
    commit = hub.publish(files(2.0))
    code = """
        import logging
        logging.basicConfig(level="INFO", stream=sys.stdout)
        answer = value("hf://me/mine")
    """
    out, _ = hub.start(code).communicate(timeout=60)
    assert f"hf://me/mine is commit {commit}" in out
    assert out.endswith("\n2.0\n")
    assert hub.value("hf://me/mine", HF_HUB_OFFLINE="1") == 2


def test_a_cache_that_was_tampered_with(hub, files):
    commit = hub.publish(files(1.0))
    assert hub.value("hf://me/mine") == 1
    (snapshot,) = hub.cache.rglob("snapshots/*")
    for name, content in files(2.0).items():  # weights as good as the others
        (snapshot / name).resolve().write_bytes(content)
    names = ["hf://me/mine", f"hf://me/mine@{commit}"]
    for env in ({}, {"HF_HUB_OFFLINE": "1"}):
        messages = hub.run("answer = [error(value, name) for name in sys.argv[1:]]", *names, **env)
        for name, message in zip(names, messages, strict=True):
            assert message.startswith(
                f"ValueError: the weights {name} are not used: they have chang"
            )
            assert f"delete the folder {snapshot.parents[1]}" in message
    shutil.rmtree(snapshot.parents[1])
    assert hub.value("hf://me/mine") == 1
    # the Hub itself may not serve other files as this commit
    hub.server.repositories["me/mine"].commits[commit] = files(2.0)
    shutil.rmtree(snapshot.parents[1])
    message = hub.error("hf://me/mine")
    assert "have changed since they were first downloaded (wrong sha256" in message
    assert f"{commit}.json only if you know why they differ" in message


def test_a_download_that_breaks_off(hub, files, make_checkpoint):
    content = checkpoint_files(make_checkpoint(1.0, d_model=64, d_ff=64))
    hub.publish(content)
    size = len(content["weights.safetensors"])
    hub.server.drop = [len(content["config.json"]), size // 2]
    message = hub.error("hf://me/mine")
    if "could not be had" in message:  # an earlier huggingface_hub asks once
        message = hub.error("hf://me/mine")
    assert message == "no error, but 1.0"


def test_a_download_that_never_ends(hub, files):
    hub.publish(files(1.0))
    hub.server.drop = [None, None]
    process = hub.start("answer = value('hf://me/mine')")
    assert hub.server.halted.wait(30)
    process.kill()
    process.communicate(timeout=30)
    message = hub.error("hf://me/mine", HF_HUB_OFFLINE="1")
    assert re.search("could not be had|not downloaded to their end", message)
    assert not list(hub.records.rglob("*.json"))
    hub.server.drop.clear()
    assert hub.value("hf://me/mine") == 1


def test_four_processes_at_once(hub, files):
    hub.publish(files(1.0))
    code = """
        import huggingface_hub.hf_api
        print("ready", flush=True)
        input()
        answer = value("hf://me/mine")
    """
    processes = [hub.start(code) for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    found = [process.communicate(timeout=60) for process in processes]
    assert [out for out, _ in found] == ["1.0\n"] * 4, found
    assert len(list(hub.records.rglob("*.json"))) == 1


def test_what_is_no_weights(hub, files):
    hub.publish({"config.json": files(1.0)["config.json"]}, "me/half")
    hub.publish(files(1.0) | {"weights.safetensors": b"\x80\x04K\x01."}, "me/pickle")
    hub.publish(files(1.0), "me/mine")
    half, pickled, unknown, revision, *wrong = hub.run(
        """
        names = ["me/half", "me/pickle", "me/unknown", "me/mine@unknown",
                 "me", "me/mine@", "me/mine/sub", "../x", "me/..@x", "me/mine@../../x"]
        answer = [error(value, f"hf://{name}") for name in names]
        """
    )
    assert "ValueError: the repository hf://me/half holds no weights of sklearn_astromer" in half
    assert "weights.safetensors: damaged" in pickled
    assert "OSError: the weights hf://me/unknown could not be had" in unknown
    assert "HF_TOKEN" in unknown
    assert "hf://me/mine@unknown could not be had" in revision
    assert "Revision Not Found" in revision
    assert all("is no hf://user/repository or hf://user/repo" in message for message in wrong)


def test_private_repositories(hub, make_checkpoint, tmp_path):
    write_folder(tmp_path / "mine", make_checkpoint(1.0))
    write_folder(tmp_path / "other", make_checkpoint(2.0))
    code = """
        push(sys.argv[1], "me/private", private=True)
        push(sys.argv[1], "me/public")
        answer = [value("hf://me/private"),
                  error(push, sys.argv[2], "me/public", private=True),
                  error(push, sys.argv[2], "me/new", token="hf_wrong"),
                  error(push, sys.argv[2], "new"), error(push, "nothing", "me/new")]
    """
    got, public, denied, name, nothing = hub.run(code, tmp_path / "mine", tmp_path / "other")
    assert got == 1
    assert "ValueError: me/public is there already and public" in public
    assert len(hub.server.repositories["me/public"].commits) == 2  # the first is empty
    assert f"OSError: {tmp_path / 'other'} could not be uploaded to {hub.server.url}" in denied
    assert "HF_TOKEN" in denied
    assert "'new' is no name of a repository" in name
    assert "no checkpoint in" in nothing
    assert "me/new" not in hub.server.repositories
    shutil.rmtree(hub.cache)
    assert "HF_TOKEN" in hub.error("hf://me/private", HF_TOKEN="")


def test_damaged_weights_are_not_pushed(hub, make_checkpoint, tmp_path):
    write_folder(tmp_path / "mine", make_checkpoint(1.0))
    (tmp_path / "mine" / "weights.safetensors").write_bytes(b"not weights")
    message = hub.run("answer = error(push, sys.argv[1], 'me/mine')", tmp_path / "mine")
    assert "weights.safetensors: damaged" in message
    assert not hub.server.requests


def test_an_embedder_and_the_command_line(hub, tmp_path):
    code = """
        import io, contextlib
        import numpy as np
        from sklearn_astromer import AstromerEmbedder, EncoderConfig
        from sklearn_astromer.cli import main
        from sklearn_astromer.datasets import make_variable_stars

        def run(*words):
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main([*words])
            return [code, out.getvalue().strip() if code == 0 else err.getvalue().strip()]

        curves, _ = make_variable_stars(4, n_observations=(20, 60), random_state=0)
        tiny = EncoderConfig(d_model=16, n_heads=2, d_ff=16)
        embedder = AstromerEmbedder(None, architecture=tiny, max_epochs=0, random_state=0)
        embedder.fit(curves)
        embedder.save_pretrained("mine", licence="MIT")
        url = weights.push("mine", "me/mine", private=True, commit_message="by hand")
        same = AstromerEmbedder("hf://me/mine").fit(curves)
        card = (weights.fetch("hf://me/mine") / "README.md").read_text(encoding="utf-8")
        same.save_pretrained("again")
        answer = [
            "license: mit" in card and "# mine" in card,
            url, np.array_equal(embedder.transform(curves), same.transform(curves)),
            run("weights", "push", "again", "me/again", "--private", "--message", "by words"),
            run("weights", "verify", "hf://me/again"), run("weights", "info", "hf://me/again"),
            run("weights", "fetch", "hf://me/again", "--quiet"),
            run("weights", "verify", "hf://me/again"), run("weights", "info", "hf://me/again"),
            run("weights", "push", "nothing", "me/again"),
            run("weights", "fetch", "hf://me/nothing"),
        ]
    """
    carded, url, same, pushed, absent, unknown, fetched, intact, info, nothing, none = hub.run(code)
    mine, again = (hub.server.repositories[f"me/{name}"] for name in ("mine", "again"))
    assert carded
    assert mine.private
    assert again.private
    assert url == f"{hub.server.url}/me/mine/commit/{mine.branches['main']}"
    assert same
    commit = again.branches["main"]
    assert pushed == [0, f"{hub.server.url}/me/again/commit/{commit}"]
    assert again.messages[commit] == "by words"
    assert absent[0] == 1
    assert absent[1].endswith("not downloaded: sklearn-astromer weights fetch hf://me/again")
    assert unknown[0] == 0
    assert unknown[1].endswith("not downloaded")
    assert fetched[0] == 0
    assert Path(fetched[1]).name == commit
    assert intact == [0, f"hf://me/again: intact, downloaded, {fetched[1]}"]
    facts = dict(line.split(maxsplit=1) for line in info[1].splitlines())
    assert facts["d_model"] == "16"
    assert facts["where"] == f"{fetched[1]} (downloaded)"
    assert len(facts["sha256"]) == 64
    assert nothing[0] == none[0] == 1
    assert "no checkpoint in" in nothing[1]
    assert "hf://me/nothing could not be had" in none[1]


def test_a_classifier(hub, tmp_path):
    code = """
        import numpy as np
        from sklearn_astromer import AstromerClassifier, AstromerEmbedder, EncoderConfig
        from sklearn_astromer.datasets import make_variable_stars

        curves, labels = make_variable_stars(14, n_observations=(20, 60), random_state=0)
        tiny = EncoderConfig(d_model=16, n_heads=2, d_ff=16)
        encoder = AstromerEmbedder(None, architecture=tiny, max_epochs=0, random_state=0)
        model = AstromerClassifier(encoder, max_epochs=1, random_state=0).fit(curves, labels)
        model.save_pretrained("mine")
        push("mine", "me/classifier")
        again = AstromerClassifier.from_pretrained("hf://me/classifier")
        answer = float(np.abs(again.predict_proba(curves) - model.predict_proba(curves)).max())
    """
    assert hub.run(code) <= 1e-6


def test_without_huggingface_hub(monkeypatch, make_checkpoint):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    write_folder("mine", make_checkpoint(1.0))
    for function, args in ((weights.load, ["hf://me/mine"]), (push, ["mine", "me/mine"])):
        with pytest.raises(ImportError, match=r"pip install 'sklearn_astromer\[hub\]'"):
            function(*args)
