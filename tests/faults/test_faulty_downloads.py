"""Servers that cut, lie, stall, send elsewhere or refuse, forged TLS, dead proxies: nothing but the right file is kept.

What may pass is tried three times, what cannot pass once; the message names the address, the reason and the way out.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import ssl
import subprocess
import tarfile
import threading
import time
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from breakages import Breakage

FETCH = "workflow/scripts/whyface/sources/fetch.py"
TRANSFER = "workflow/scripts/whyface/sources/transfer.py"
BREAKAGES = [
    Breakage(
        "a file that is not the stated one is kept",
        FETCH,
        "        verify(sha256)\n",
        "",
        "test_no_fault_leaves_anything_behind",
    ),
    Breakage(
        "a transfer of a few bytes a second goes on for ever",
        TRANSFER,
        "        if now - self.checked >= SLOW_S:",
        "        if False:",
        "test_a_trickle_is_given_up",
    ),
    Breakage(
        "a forged certificate is accepted",
        TRANSFER,
        "stream=True)",
        "stream=True, verify=False)",
        "test_tls_that_nobody_vouches_for_is_refused",
    ),
    Breakage(
        "what cannot pass is tried again and again",
        FETCH,
        "        waiting = [url for url in waiting if _may_pass(failures[url])]\n",
        "",
        "test_no_fault_leaves_anything_behind",
    ),
    Breakage(
        "half a list is taken for a list",
        TRANSFER,
        "    if response.status_code != requests.codes.ok:",
        "    if not response.ok:",
        "test_what_nothing_vouches_for_is_not_locked_unless_it_is_whole",
    ),
]

ROW = "downloads: cut, wrong, refused, forged, stalled"


def packed() -> bytes:
    """Pack two images of noise, as an archive of a collection."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in ("ann/1.png", "bob/1.png"):
            member = tarfile.TarInfo(name)
            member.size = 3000
            archive.addfile(member, io.BytesIO(os.urandom(3000)))
    return stream.getvalue()


GOOD = packed()
SHA256 = hashlib.sha256(GOOD).hexdigest()
WRONG = GOOD[:-1] + bytes([GOOD[-1] ^ 1])
BOMB = gzip.compress(bytes(20 << 20))
PLAIN_ZIP = io.BytesIO()
with zipfile.ZipFile(PLAIN_ZIP, "w") as one:
    one.writestr("ann/1.png", b"x")


def whole(status=200, body=GOOD, **headers):
    """Make an answer with its right length."""
    return lines(status, {"Content-Length": len(body), **headers}) + body


def lines(status, headers):
    """Make the head of an answer; an underscore in a header's name stands for a hyphen."""
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Said\r\n{head}Connection: close\r\n\r\n".encode()


def chunked(body, end=b"0\r\n\r\n"):
    return lines(200, {"Transfer-Encoding": "chunked"}) + b"%x\r\n%s\r\n" % (len(body), body) + end


HALF = GOOD[: len(GOOD) // 2]
# name -> what the server sends, how often it is asked, and what the message says of it
FAULTS = {
    # the connection
    "closes at once": (b"", 3, "Remote end closed connection"),
    "not HTTP": (b"SSH-2.0-OpenSSH_9\r\n", 3, "BadStatusLine"),
    "half a status line": (b"HTTP/1.", 3, "BadStatusLine"),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", 1, "the answer was empty"),
    "endless head": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500, 3, "more than 100 headers"),
    "huge header": (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000, 3, "header line"),
    # the length
    "cut": (lines(200, {"Content-Length": len(GOOD)}) + HALF, 3, "IncompleteRead"),
    "nothing of the body": (lines(200, {"Content-Length": len(GOOD)}), 3, "IncompleteRead"),
    "one byte is missing": (lines(200, {"Content-Length": len(GOOD)}) + GOOD[:-1], 3, "IncompleteRead"),
    "announces less": (lines(200, {"Content-Length": len(HALF)}) + GOOD, 1, "wrong sha256"),
    "announces a little more": (lines(200, {"Content-Length": len(GOOD) + 1}) + GOOD, 3, "IncompleteRead"),
    "announces a terabyte": (lines(200, {"Content-Length": 1 << 40}) + GOOD, 3, "IncompleteRead"),
    "negative length": (lines(200, {"Content-Length": -5}) + HALF, 1, "wrong sha256"),
    "length in words": (lines(200, {"Content-Length": "some"}) + HALF, 1, "wrong sha256"),
    "two lengths": (lines(200, {"Content-Length": f"{len(HALF)}, {len(GOOD)}"}) + GOOD, 1, "Content-Length"),
    "cut without a length": (lines(200, {}) + HALF, 1, "wrong sha256"),
    "empty": (whole(body=b""), 1, "the answer was empty"),
    # chunks
    "cut in a chunk": (
        lines(200, {"Transfer-Encoding": "chunked"}) + b"%x\r\n" % len(GOOD) + HALF,
        3,
        "IncompleteRead",
    ),
    "last chunk is missing": (chunked(GOOD, b""), 3, "IncompleteRead"),
    "chunk's length is no number": (chunked(HALF, b"zz\r\nmore\r\n0\r\n\r\n"), 3, "IncompleteRead"),
    "negative chunk": (lines(200, {"Transfer-Encoding": "chunked"}) + b"-5\r\nabc\r\n0\r\n\r\n", 3, ""),
    # another file
    "another file": (whole(body=WRONG), 1, "wrong sha256"),
    "an older file": (whole(body=PLAIN_ZIP.getvalue()), 1, "wrong sha256"),
    "a page": (whole(body=b"<html><title>Log in</title>"), 1, "a web page, titled 'Log in'"),
    "JSON": (whole(body=b'{"error": "quota"}'), 1, "an answer in JSON"),
    "compressed twice": (whole(body=gzip.compress(GOOD), Content_Encoding="gzip"), 1, "wrong sha256"),
    "a bomb": (whole(body=BOMB, Content_Encoding="gzip"), 1, "wrong sha256"),
    "unknown encoding": (whole(body=WRONG, Content_Encoding="secret"), 1, "wrong sha256"),
    "a part": (whole(206, HALF, Content_Range=f"bytes 0-{len(HALF) - 1}/{len(GOOD)}"), 1, "HTTP 206"),
    "no content": (lines(204, {}), 1, "HTTP 204"),
    "not modified": (lines(304, {}), 1, "HTTP 304"),
    # redirects
    "to itself": (lines(302, {"Location": "file.tgz", "Content-Length": 0}), 31, "Exceeded 30 redirects"),
    "to a local file": (lines(302, {"Location": "file:///etc/hostname", "Content-Length": 0}), 1, "file:///etc"),
    "to another protocol": (lines(301, {"Location": "ftp://127.0.0.1/x", "Content-Length": 0}), 1, "ftp://"),
    "to code": (lines(301, {"Location": "javascript:alert(1)", "Content-Length": 0}), 1, "javascript:"),
    "to no host": (lines(302, {"Location": "http://", "Content-Length": 0}), 31, "Exceeded 30 redirects"),
    "to a dead port": (lines(302, {"Location": "http://127.0.0.1:1/x", "Content-Length": 0}), 3, "Connection refused"),
    "nowhere": (lines(302, {"Content-Length": 0}), 1, "HTTP 302"),
    # refusals
    **{f"{code}": (whole(code, b"no"), 1, f"HTTP {code} Said") for code in (400, 401, 403, 404, 405, 407, 410, 451)},
    **{f"{code}": (whole(code, b"no"), 3, f"HTTP {code} Said") for code in (408, 429, 500, 502, 503, 504)},
    "429 for two minutes": (whole(429, b"no", Retry_After=120), 3, "asks to wait 120 s"),
    "503 until a date": (whole(503, b"no", Retry_After="Fri, 31 Dec 2100 23:59:59 GMT"), 3, "HTTP 503 Said"),
}


class Faulty(BaseHTTPRequestHandler):
    """Sends bytes as they are: what the path's first part names."""

    def do_GET(self):
        """Send the answer, and close the connection."""
        self.server.asked += 1
        self.close_connection = True
        answer = self.server.answer
        if callable(answer):
            answer(self)
        else:
            self.wfile.write(answer)

    def handle_one_request(self):
        """Bear that the other side hangs up."""
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture
def server():
    """Yield a server that gives `server.answer`; `server.asked` counts the requests."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), Faulty)
    running.answer, running.asked, running.handle_error = whole(), 0, lambda *_: None
    running.url = f"http://127.0.0.1:{running.server_port}/file.tgz"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    """Work in an empty folder, without pauses and without the machine's own proxies."""
    from whyface.sources import fetch

    monkeypatch.setattr(fetch, "PAUSES_S", (0.0, 0.0))
    monkeypatch.chdir(tmp_path)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def fetch_archive(urls, sha256=SHA256, **params):
    """Run the rule fetch_collection; returns the folder it unpacked to."""
    import fetch_collection

    job = SimpleNamespace(
        log=["results/logs/fetch_collection/faces.log"],
        params=SimpleNamespace(layout="folders", source={"urls": urls, "sha256": sha256, **params}, state=""),
        output=SimpleNamespace(
            receipt="results/collections/faces/receipt.json", files="results/collections/faces/files"
        ),
        wildcards=SimpleNamespace(collection="faces"),
    )
    Path("results/collections/faces").mkdir(parents=True, exist_ok=True)
    fetch_collection.main(job)
    return Path(job.output.files)


def fetch_list(urls, sha256=None, **params):
    """Run the rule fetch_pairs; returns the receipt."""
    import fetch_file

    job = SimpleNamespace(
        log=["results/logs/fetch_pairs/faces.log"],
        params=SimpleNamespace(source={"urls": urls, "sha256": sha256, **params}, key="datasets.faces.pairs"),
        output=SimpleNamespace(receipt="results/pairs/faces.json"),
        wildcards=SimpleNamespace(dataset="faces"),
    )
    Path("results/pairs").mkdir(parents=True, exist_ok=True)
    fetch_file.main(job)
    return json.loads(Path(job.output.receipt).read_text())


def left(folder):
    """List the files below a folder, without logs."""
    found = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    return sorted(one for one in found if "logs" not in one and not one.endswith(".lock-guard"))


KEPT = [
    "results/collections/faces/files/ann/1.png",
    "results/collections/faces/files/bob/1.png",
    "results/collections/faces/receipt.json",
    "results/downloads/file.tgz",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_leaves_anything_behind(server, tmp_path, fault, tried):
    server.answer, asked, said = FAULTS[fault]
    with pytest.raises(OSError) as caught:
        fetch_archive([server.url])
    message = str(caught.value)
    assert message.startswith("collections.faces.source: no mirror gave the file:\n")
    assert f"{server.url}: " in message and said in message, message
    assert f"Obtain file.tgz (sha256 {SHA256}) by hand and give its path as collections.faces.source.path" in message
    assert server.asked == asked, server.asked
    assert left(tmp_path) == []
    server.answer = whole()
    fetch_archive([server.url])
    assert left(tmp_path) == KEPT, "and once the server is well, the same run completes"
    tried(ROW, 1)


NO_LIST = [name for name, (answer, *_) in FAULTS.items() if "wrong sha256" not in FAULTS[name][2]]


@pytest.mark.parametrize("fault", NO_LIST)
def test_what_nothing_vouches_for_is_not_locked_unless_it_is_whole(server, tmp_path, fault, tried):
    server.answer, asked, _ = FAULTS[fault]
    with pytest.raises(OSError, match=r"datasets\.faces\.pairs: no mirror gave the file"):
        fetch_list([server.url])
    assert (server.asked, left(tmp_path)) == (asked, [])
    tried(ROW, 1)


def test_an_archive_whose_server_calls_it_compressed_is_kept_as_it_is(server, tried):
    for encoding in ("gzip", "x-gzip", "deflate", "br", "zstd", "nonsense"):  # Apache says x-gzip of any .tgz
        server.answer = whole(Content_Encoding=encoding)
        shutil.rmtree("results", ignore_errors=True)
        assert sorted(path.name for path in fetch_archive([server.url]).rglob("*.png")) == ["1.png", "1.png"]
    tried(ROW, 6)


def test_an_archive_cut_without_a_trace_is_refused_when_opened_and_not_locked(server, tmp_path, tried):
    cuts = [len(GOOD) * part // 10 for part in range(1, 10)]
    for cut in cuts:
        server.answer = lines(200, {}) + GOOD[:cut]
        with pytest.raises(ValueError, match=r"file\.tgz: (damaged|cut short|not )"):
            fetch_archive([server.url], sha256=None)
        assert not Path("config.lock.json").exists() and "receipt.json" not in str(left(tmp_path))
    server.answer = whole()
    fetch_archive([server.url], sha256=None)
    assert left(tmp_path) == ["config.lock.json", *KEPT]
    tried(ROW, len(cuts))


def slowly(handler):
    """Send a byte at a time, for two seconds at most."""
    handler.wfile.write(lines(200, {"Content-Length": len(GOOD)}))
    for one in range(40):
        handler.wfile.write(GOOD[one : one + 1])
        time.sleep(0.05)


def never(handler):
    """Begin, and send no more."""
    handler.wfile.write(lines(200, {"Content-Length": len(GOOD)}) + HALF)
    handler.server.stop.wait(5)


@pytest.fixture
def impatient(monkeypatch, server):
    """Wait a fifth of a second where a run waits half a minute or more."""
    from whyface.sources import transfer

    monkeypatch.setattr(transfer, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(transfer, "SLOW_S", 0.2)
    server.stop = threading.Event()
    yield
    server.stop.set()


def test_a_trickle_is_given_up(server, impatient, tmp_path, tried):
    server.answer = slowly
    with pytest.raises(OSError, match=r"only \d+ bytes came in 0 s\n.* by hand"):
        fetch_archive([server.url])
    assert (server.asked, left(tmp_path)) == (3, [])
    tried(ROW, 1)


@pytest.mark.parametrize("behaviour", [never, lambda handler: handler.server.stop.wait(5)], ids=["body", "head"])
def test_a_stall_is_given_up(server, impatient, tmp_path, behaviour, tried):
    server.answer = behaviour
    with pytest.raises(OSError, match="Read timed out"):
        fetch_archive([server.url])
    assert (server.asked, left(tmp_path)) == (3, [])
    tried(ROW, 1)


def test_the_next_mirror_takes_over_and_comes_to_the_same(server, tmp_path, tried):
    bad = [f"http://127.0.0.1:1/{name}" for name in ("a.tgz", "b.tgz")] + ["http://nowhere.invalid/c.tgz"]
    fetch_archive([*bad, server.url], filename="file.tgz")
    assert (server.asked, left(tmp_path)) == (1, KEPT)
    tried(ROW, len(bad))


def test_a_name_that_nobody_knows_is_said(tmp_path, tried):
    with pytest.raises(OSError, match=r"http://nowhere\.invalid/file\.tgz: .*(resolve|resolution)"):
        fetch_archive(["http://nowhere.invalid/file.tgz"])
    assert left(tmp_path) == []
    tried(ROW, 1)


def test_what_a_server_says_cannot_act_on_the_terminal(server, tried):
    said = ("\x1b[2J\x1b]0;owned\x07", "\u202egpj", "A" * 60_000)
    for one in said:
        server.answer = f"HTTP/1.1 404 {one}\r\nContent-Length: 0\r\n\r\n".encode()
        with pytest.raises(OSError, match="HTTP 404 ") as caught:
            fetch_archive([server.url])
        assert all(char.isprintable() or char == "\n" for char in str(caught.value))
        assert len(str(caught.value)) < 2000
    tried(ROW, len(said))


# TLS


@contextmanager
def over_tls(server, folder, *names):
    """Serve over TLS with a certificate that its own server signed, for these names; gives URL and certificate."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is absent: it makes the test's certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    for_names = f"subjectAltName={','.join(names)}"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    command += ["-keyout", str(key), "-out", str(certificate), "-addext", for_names]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield server.url.replace("http:", "https:"), certificate


@pytest.fixture(scope="module")
def aside(tmp_path_factory):
    """Return a folder that is no part of the run."""
    return tmp_path_factory.mktemp("aside")


@pytest.mark.parametrize(
    ("names", "trusted", "said"),
    [(["IP:127.0.0.1"], False, "CERTIFICATE_VERIFY_FAILED"), (["DNS:other.example"], True, "certificate is not valid")],
    ids=["self-signed", "for another host"],
)
def test_tls_that_nobody_vouches_for_is_refused(server, tmp_path, aside, monkeypatch, names, trusted, said, tried):
    with over_tls(server, aside, *names) as (url, certificate):
        if trusted:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        with pytest.raises(OSError, match="REQUESTS_CA_BUNDLE names the certificates to trust") as caught:
            fetch_archive([url])
        assert said in str(caught.value) and "by hand" in str(caught.value), str(caught.value)
        assert (server.asked, left(tmp_path)) == (0, [])
    tried(ROW, 1)


def test_tls_that_the_user_vouches_for_works_as_the_message_says(server, tmp_path, aside, monkeypatch, tried):
    with over_tls(server, aside, "IP:127.0.0.1") as (url, certificate):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        fetch_archive([url])
    assert left(tmp_path) == KEPT
    tried(ROW, 1)


def test_no_tls_where_it_was_asked_for_is_refused(server, tmp_path, tried):
    with pytest.raises(OSError, match="REQUESTS_CA_BUNDLE names the certificates"):
        fetch_archive([server.url.replace("http:", "https:")])
    assert left(tmp_path) == []
    tried(ROW, 1)


# Proxies


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dead_proxy_is_named_and_can_be_left_out(server, tmp_path, monkeypatch, scheme, tried):
    monkeypatch.setenv(f"{scheme}_proxy", "http://ann:s3cret@127.0.0.1:1")
    with pytest.raises(OSError, match=r"is it set by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY\? NO_PROXY") as caught:
        fetch_archive([f"{scheme}://nowhere.invalid/file.tgz"])
    logged = Path("results/logs/fetch_collection/faces.log").read_text()
    assert "s3cret" not in f"{caught.value}{logged}" and left(tmp_path) == []
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    fetch_archive([server.url])
    tried(ROW, 2)


def test_a_proxy_is_used_and_its_refusal_is_said(server, tmp_path, monkeypatch, tried):
    monkeypatch.setenv("http_proxy", server.url)
    fetch_archive(["http://nowhere.invalid/file.tgz"])
    assert (server.asked, left(tmp_path)) == (1, KEPT)
    shutil.rmtree("results")
    server.answer = whole(407, b"", Proxy_Authenticate="Basic")
    with pytest.raises(OSError, match="HTTP 407 Said"):
        fetch_archive(["http://nowhere.invalid/file.tgz"])
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno tunnel"
    monkeypatch.setenv("https_proxy", server.url)
    with pytest.raises(OSError, match="no mirror gave the file"):
        fetch_archive(["https://nowhere.invalid/file.tgz"])
    assert left(tmp_path) == []
    tried(ROW, 3)
