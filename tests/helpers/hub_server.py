"""Servers for tests: of files, and of the Hugging Face Hub's protocol, for its real client."""

import base64
import hashlib
import http.server
import json
import re
import threading
import time
from contextlib import suppress
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_test"


class Server:
    """Answers requests on this machine; a subclass has `answer(request)`.

    With a TLS context it is also the proxy to all https addresses, and answers for them itself.

    `requests` lists method and path of each. `pause` are seconds after each piece of an answer.
    `drop` has how many bytes of each of the next files are sent before the connection is closed;
    None: a file is half sent, and then nothing happens until `close`.
    """

    def __init__(self, context=None):
        self.requests = []
        self.ranges = []
        self.drop = []
        self.pause = 0.0
        self.closed = threading.Event()
        self.halted = threading.Event()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self):
                with suppress(ConnectionError):  # the one who asked was killed
                    super().handle()

            def handle_any(self):
                length = int(self.headers.get("Content-Length", 0))
                self.body = self.rfile.read(length)
                self.route = unquote(urlsplit(self.path).path)
                self.query = parse_qs(urlsplit(self.path).query)
                server.requests.append(f"{self.command} {self.route}")
                server.answer(self)

            do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815

            def do_CONNECT(self):
                self.send_response(200)
                self.end_headers()
                with context.wrap_socket(self.connection, server_side=True) as socket:
                    type(self)(socket, self.client_address, self.server)
                self.close_connection = True

            def log_message(self, *args):
                pass

            def send(self, content=b"", status=200, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    for at in range(0, len(content), 2**16):
                        self.wfile.write(content[at : at + 2**16])
                        time.sleep(server.pause)

            def send_file(self, content, status=200, **headers):
                """Send a file as far as `drop` says."""
                if self.command == "HEAD" or not server.drop:
                    return self.send(content, status, **headers)
                size = server.drop.pop(0)
                headers["Content_Length"] = str(len(content))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(content[: len(content) // 2 if size is None else size])
                self.wfile.flush()
                if size is None:
                    server.halted.set()
                    server.closed.wait(60)
                self.close_connection = True

            def json(self, content, status=200, **headers):
                self.send(json.dumps(content).encode(), status, **headers)

            def file(self, content, etag, **headers):
                """Send a file, or the part of it that is asked for."""
                asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
                same = self.headers.get("If-Range") in (None, etag)
                headers |= {"Accept_Ranges": "bytes", **({"ETag": etag} if etag else {})}
                if not (asked and same and etag):
                    return self.send_file(content, **headers)
                start = int(asked[1])
                server.ranges.append(start)
                if start >= len(content):
                    return self.send(b"", 416, Content_Range=f"bytes */{len(content)}")
                span = f"bytes {start}-{len(content) - 1}/{len(content)}"
                return self.send_file(content[start:], 206, Content_Range=span, **headers)

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.closed.set()
        self.http.shutdown()
        self.http.server_close()


class FileServer(Server):
    """Serves `files`, by path, with ETags; `redirects` has where other paths lead."""

    def __init__(self, context=None):
        self.files = {}
        self.redirects = {}
        self.etags = True
        super().__init__(context)

    def answer(self, request):
        if request.route in self.redirects:
            request.send(b"", 302, Location=self.redirects[request.route])
        elif request.route in self.files:
            content = self.files[request.route]
            etag = f'"{hashlib.md5(content).hexdigest()}"' if self.etags else None
            request.file(content, etag)
        else:
            request.send(b"<html>not found</html>", 404)


class Repository:
    """Commits: each a dict of files; branches: names of commits."""

    def __init__(self, private):
        self.private = private
        self.commits = {}
        self.messages = {}
        self.branches = {}
        self.commit("main", {})

    def commit(self, branch, files, message=""):
        content = repr((sorted(files.items()), message, len(self.commits))).encode()
        oid = hashlib.sha1(content).hexdigest()
        self.commits[oid] = files
        self.messages[oid] = message
        self.branches[branch] = oid
        return oid

    def resolve(self, revision):
        oid = self.branches.get(revision, revision)
        return oid if oid in self.commits else None


class HubServer(Server):
    """As much of the Hugging Face Hub as its client needs to make, fill and read repositories.

    Files of more than `lfs_bytes` go through LFS. Writing, and all of private repositories, asks
    for TOKEN. `repositories` may be looked at and changed.
    """

    lfs_bytes = 2000

    def __init__(self):
        self.repositories = {}
        self.objects = {}
        super().__init__()

    def answer(self, request):
        routes = {
            r"POST /api/repos/create": self.create,
            r"POST /api/validate-yaml": lambda r: r.json({"errors": [], "warnings": []}),
            r"POST /api/models/(\S+/\S+)/branch/(.+)": self.branch,
            r"POST /api/models/([^/]+/[^/]+)/preupload/(.+)": self.preupload,
            r"POST /api/models/([^/]+/[^/]+)/commit/(.+)": self.commit,
            r"POST /([^/]+/[^/]+)\.git/info/lfs/objects/batch": self.batch,
            r"PUT /objects/([0-9a-f]{64})": self.upload,
            r"GET /api/models/([^/]+/[^/]+)(?:/revision/(.+))?": self.info,
            r"GET /api/models/([^/]+/[^/]+)/tree/(.+)": self.tree,
            r"(?:HEAD|GET) /([^/]+/[^/]+)/resolve/([^/]+)/(.+)": self.resolve,
        }
        for pattern, method in routes.items():
            match = re.fullmatch(pattern, f"{request.command} {request.route}")
            if match:
                return method(request, *match.groups())
        return request.json({"error": f"no such route {request.route}"}, 404)

    def create_repository(self, name, private=False):
        self.repositories[name] = Repository(private)

    # -- access ----------------------------------------------------------------------------------

    @staticmethod
    def may_write(request):
        if request.headers.get("Authorization") == f"Bearer {TOKEN}":
            return True
        request.json({"error": "Invalid username or password."}, 401)
        return False

    def found(self, request, name):
        repository = self.repositories.get(name)
        known = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        if repository is None or (repository.private and not known):
            request.json({"error": "Repository not found"}, 404, X_Error_Code="RepoNotFound")
            return None
        return repository

    def found_at(self, request, name, revision):
        repository = self.found(request, name)
        oid = repository and repository.resolve(revision or "main")
        if repository and oid is None:
            request.json({"error": "Invalid rev id"}, 404, X_Error_Code="RevisionNotFound")
        return repository, oid

    # -- writing ---------------------------------------------------------------------------------

    def create(self, request):
        if not self.may_write(request):
            return
        asked = json.loads(request.body)
        name = f"{asked['organization']}/{asked['name']}"
        answer = {"url": f"{self.url}/{name}", "name": name}
        if name in self.repositories:
            request.json({"error": "You already created this model repo"} | answer, 409)
            return
        private = bool(asked.get("private")) or asked.get("visibility") == "private"
        self.create_repository(name, private)
        request.json(answer)

    def branch(self, request, name, branch):
        if not self.may_write(request) or (repository := self.found(request, name)) is None:
            return
        if branch in repository.branches:
            request.json({"error": "Reference already exists"}, 409)
            return
        repository.branches[branch] = repository.branches["main"]
        request.json({})

    def preupload(self, request, name, revision):
        if not self.may_write(request) or self.found_at(request, name, revision)[1] is None:
            return
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["size"] > self.lfs_bytes else "regular",
                "shouldIgnore": False,
            }
            for file in json.loads(request.body)["files"]
        ]
        request.json({"files": files})

    def batch(self, request, name):
        if not self.may_write(request):
            return
        objects = [
            {
                **each,
                "actions": {"upload": {"href": f"{self.url}/objects/{each['oid']}", "header": {}}},
            }
            for each in json.loads(request.body)["objects"]
        ]
        request.json({"transfer": "basic", "objects": objects})

    def upload(self, request, oid):
        if hashlib.sha256(request.body).hexdigest() != oid:
            request.json({"error": "wrong checksum"}, 400)
            return
        self.objects[oid] = request.body
        request.send(ETag=f'"{oid}"')

    def commit(self, request, name, branch):
        if not self.may_write(request):
            return
        repository, oid = self.found_at(request, name, branch)
        if oid is None:
            return
        files = dict(repository.commits[oid])
        message = ""
        for line in request.body.splitlines():
            operation = json.loads(line)
            key, value = operation["key"], operation["value"]
            if key == "header":
                message = value["summary"]
            elif key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.objects[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        oid = repository.commit(branch, files, message)
        url = f"{self.url}/{name}/commit/{oid}"
        request.json({"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""})

    # -- reading ---------------------------------------------------------------------------------

    def info(self, request, name, revision=None):
        repository, oid = self.found_at(request, name, revision)
        if oid is not None:
            request.json(
                {
                    **{"_id": "0", "id": name, "modelId": name, "sha": oid},
                    **{"private": repository.private, "tags": [], "downloads": 0, "likes": 0},
                    "siblings": [{"rfilename": path} for path in repository.commits[oid]],
                }
            )

    def tree(self, request, name, revision):
        repository, oid = self.found_at(request, name, revision)
        if oid is None:
            return
        entries = []
        for path, content in repository.commits[oid].items():
            entry = {"type": "file", "path": path, "size": len(content), "oid": blob_id(content)}
            if len(content) > self.lfs_bytes:
                sha256 = hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 130}
            entries.append(entry)
        request.json(entries)

    def resolve(self, request, name, revision, path):
        repository, oid = self.found_at(request, name, revision)
        if oid is None:
            return
        content = repository.commits[oid].get(path)
        if content is None:
            code = {"X_Error_Code": "EntryNotFound", "X_Repo_Commit": oid}
            request.json({"error": "Entry not found"}, 404, **code)
            return
        lfs = len(content) > self.lfs_bytes
        etag = f'"{hashlib.sha256(content).hexdigest() if lfs else blob_id(content)}"'
        linked = {"X_Linked_Etag": etag, "X_Linked_Size": str(len(content))} if lfs else {}
        request.file(content, etag, X_Repo_Commit=oid, **linked)


def blob_id(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
