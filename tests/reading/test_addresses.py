"""Files that are named by their address: a web server, and a store that speaks as S3 does."""

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from rnnauto.cli.predict import opened_if_large
from rnnauto.errors import DataError
from rnnauto.reading.opened import Opened
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe
from rnnauto.recipe.addresses import is_address

FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y, z", None]})
NAMED = pl.DataFrame({"label": [0, 1, 0]})
SCHEMA = '{"info": {"features": {"label": {"names": ["down", "up"], "_type": "ClassLabel"}}}}'


@contextmanager
def served(files):
    """The port of a server that has files by their path, whole or in the range that is asked for;
    what begins with /secret is for nobody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = files.get(self.path.partition("?")[0])
            if content is None:
                self.send_error(403 if self.path.startswith("/secret") else 404)
                return
            asked = self.headers.get("Range")
            status, part = 200, content
            if asked:
                first, _, last = asked.removeprefix("bytes=").partition("-")
                begin = int(first) if first else max(0, len(content) - int(last))
                end = int(last) + 1 if first and last else len(content)
                status, part = 206, content[begin:end]
            self.send_response(status)
            self.send_header("Content-Length", str(len(part)))
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
            if asked:
                span = f"bytes {begin}-{begin + len(part) - 1}/{len(content)}"
                self.send_header("Content-Range", span)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(part)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    place = tmp_path_factory.mktemp("served")
    FRAME.write_parquet(place / "t.parquet")
    NAMED.write_parquet(place / "named.parquet", metadata={"huggingface": SCHEMA})
    files = {f"/bucket/{path.name}": path.read_bytes() for path in place.iterdir()}
    text = FRAME.write_csv().encode()
    files |= {"/bucket/t.csv": text, "/bucket/t.csv.gz": gzip.compress(text)}
    files["/bucket/t.jsonl"] = FRAME.write_ndjson().encode()
    with served(files) as port:
        yield port


@pytest.fixture
def store(port, monkeypatch):
    """Where S3 is this server."""
    given = {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "REGION": "us-east-1"}
    given |= {"ENDPOINT_URL": f"http://127.0.0.1:{port}", "ALLOW_HTTP": "true"}
    for name, value in given.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return "s3://bucket"


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl", "t.parquet"])
def test_a_file_of_the_web_is_read_as_one_of_this_machine(name, port):
    table = read_table(f"http://user:word@127.0.0.1:{port}/bucket/{name}?signed=secret")
    assert table.frame.equals(FRAME)
    assert table.source == f"http://127.0.0.1:{port}/bucket/{name}"


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_a_file_of_a_store_is_read_by_the_credentials_of_the_environment(name, store):
    table = read_table(f"{store}/{name}")
    assert table.frame.equals(FRAME) and table.source == f"s3://bucket/{name}"


def test_what_a_schema_says_beside_types_comes_along(store):
    assert read_table(f"{store}/named.parquet").frame["label"].to_list() == ["down", "up", "down"]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("absent.csv", "`s3://bucket/absent.csv` cannot be read: .*not found", "AWS_ACCESS_KEY_ID"),
        ("absent.parquet", "`s3://bucket/absent.parquet` cannot be read", "check bucket and key"),
        ("t.xlsx", "of object stores CSV, TSV, JSON lines and Parquet are read", "copy the file"),
    ],
)
def test_what_a_store_does_not_give_is_one_message(name, message, hint, store):
    with pytest.raises(DataError, match=message) as caught:
        read_table(f"{store}/{name}")
    assert hint in str(caught.value.hint) and "\n" not in caught.value.message
    assert "(path:" not in caught.value.message  # polars names the first file of the store


def test_what_the_web_does_not_give_is_one_message(port):
    for path, said in (("bucket/no.csv", "Not Found"), ("secret/t.csv?key=1", "Forbidden")):
        with pytest.raises(DataError, match=f"cannot be read: {said}") as caught:
            read_table(f"http://127.0.0.1:{port}/{path}")
        assert "key=1" not in caught.value.message
    with pytest.raises(DataError, match="cannot be read: .*refused"):
        read_table("http://127.0.0.1:9/t.csv")


def test_a_name_with_a_colon_is_a_file_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:").mkdir()
    FRAME.write_csv("s3:/t.csv")
    assert not is_address(tmp_path / "s3:" / "t.csv")
    assert read_table("s3:/t.csv").frame.equals(FRAME)


def test_predict_opens_an_address_itself(port, tmp_path):
    address = tmp_path.joinpath(f"http://127.0.0.1:{port}/bucket/t.csv").relative_to(tmp_path)
    assert isinstance(opened_if_large(address), Opened)


def test_a_recipe_names_an_address_without_its_passwords(tmp_path):
    given = "https://user:word@example.org/a/t.csv?key=1"
    kept = Recipe.parse({"data": {"path": given}}).placed(tmp_path, path=given)
    assert kept.data.path == "https://example.org/a/t.csv"
    (tmp_path / "recipe.yaml").write_text("data: {path: 's3://bucket/t.csv', target: y}")
    assert Recipe.load(tmp_path / "recipe.yaml").data.path == "s3://bucket/t.csv"


def test_a_pattern_of_a_store_is_refused(store):
    with pytest.raises(DataError, match="patterns are of files on this machine"):
        read_table(f"{store}/part-*.parquet")
