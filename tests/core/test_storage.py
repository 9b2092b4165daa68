"""Files in a folder and in a bucket: the same four verbs, proven against a small server that speaks S3."""

import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from c2b.config import BadConfig, load
from c2b.core import storage
from c2b.core.files import content_of, save_picture
from tests.core.test_files import picture

pytestmark = pytest.mark.parametrize("database", ["sqlite"])  # no database is asked


@contextmanager
def bucket():
    """The part of S3 that we use: put, get, head, delete by path; every request is signed."""
    kept: dict[str, bytes] = {}

    class S3(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, body=b""):
            assert "AWS4-HMAC-SHA256" in self.headers["Authorization"]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"x"')
            self.send_header("Last-Modified", "Tue, 20 May 2025 06:00:00 GMT")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_PUT(self):
            kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(200)

        def do_GET(self):
            self.answer(200, kept[self.path]) if self.path in kept else self.answer(404)

        def do_HEAD(self):
            self.do_GET()

        def do_POST(self):
            assert self.path == "/shop?delete"
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            gone = re.findall("<Key>(.*?)</Key>", sent)
            for key in gone:
                kept.pop(f"/shop/{key}", None)
            told = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in gone)
            self.answer(200, f"<DeleteResult>{told}</DeleteResult>".encode())

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), S3)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield kept, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def use_verbs():
    assert storage.read("doc/a.pdf") is None
    storage.put("doc/a.pdf", b"one")
    storage.put("doc/a.pdf", b"two")
    assert (storage.exists("doc/a.pdf"), storage.read("doc/a.pdf")) == (True, b"two")
    storage.remove("doc/a.pdf")
    storage.remove("doc/a.pdf")
    assert not storage.exists("doc/a.pdf")


def test_a_folder_keeps_files(app):
    use_verbs()


def test_a_bucket_keeps_the_same_files(app, monkeypatch):
    with bucket() as (kept, address):
        for key, value in {"ENDPOINT_URL": address, "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s"}.items():
            monkeypatch.setenv(f"AWS_{key}", value)
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        app.config["C2B"] = replace(app.config["C2B"], files_url="s3://shop/files")
        use_verbs()
        ref = save_picture(picture())
        assert f"/shop/files/{ref}-320.webp" in kept
        assert content_of(ref, 320) == kept[f"/shop/files/{ref}-320.webp"]
    app.extensions.pop("buckets")


def test_a_wrong_address_of_a_bucket_stops_the_start(app):
    for url in ("http://bucket", "s3://", "bucket", "s3://b/p?x=1"):
        with pytest.raises(BadConfig, match="C2B_FILES_URL: expected s3://bucket"):
            load({"C2B_FILES_URL": url})
    assert load({"C2B_FILES_URL": "s3://bucket/prefix/"}).files_url == "s3://bucket/prefix"
