"""Downloads from a local server that behaves as badly as real ones do."""

import base64
import hashlib
import inspect
import json
import logging
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import gdown
import pytest
import requests

from whyface.sources import fetch, transfer
from whyface.sources.fetch import fetch_file

GOOD = b"face" * 5000
WRONG = b"fake" * 5000
GOOD_SHA256 = hashlib.sha256(GOOD).hexdigest()
WRONG_SHA256 = hashlib.sha256(WRONG).hexdigest()
KEY = "collections.lfw.source"
PAGE = b"\n<!DOCTYPE html><html><head><title>Sign in\n to go on</title></head></html>"


class Misbehaving(BaseHTTPRequestHandler):
    """Behaves as the first part of the path says; the second part is the file's name."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Answer as the path says."""
        behaviour = self.path.split("/")[1]
        self.server.seen[behaviour] += 1
        if given := self.headers["Authorization"]:
            self.server.credentials.append(base64.b64decode(given.removeprefix("Basic ")).decode())
        if behaviour == "redirect":
            self.answer(302, b"", Location=self.path.replace("redirect", "good"))
        elif behaviour == "to-file":
            self.answer(302, b"", Location="file:///etc/hostname")
        elif behaviour == "to-signed":
            self.answer(302, b"", Location="http://127.0.0.1:1/lfw.tgz?sig=5ba1f7c90d&t0k3n#k3y")
        elif behaviour == "busy-once":
            self.answer(503 if self.server.seen[behaviour] == 1 else 200, GOOD)
        elif behaviour == "drops":
            self.answer(200, GOOD, sent=GOOD[:7000])
        elif behaviour == "announces-less":
            self.answer(200, GOOD[:7000], sent=GOOD)
        elif behaviour.isdigit():
            self.answer(int(behaviour), b"sorry")
        else:
            self.answer(200, {"good": GOOD, "wrong": WRONG, "empty": b"", "page": PAGE}[behaviour])

    def answer(self, status, announced, sent=None, **headers):
        """Announce the length of one body, and send it, or `sent` if given."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(announced)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(announced if sent is None else sent)

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """Try again at once."""
    monkeypatch.setattr(fetch, "PAUSES_S", (0.0, 0.0))


@pytest.fixture
def server():
    """Yield a server; `server.url(behaviour)` is a URL and `server.seen` counts the requests."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), Misbehaving)
    running.seen, running.credentials = Counter(), []
    running.url = lambda behaviour, name="lfw.tgz": f"http://127.0.0.1:{running.server_port}/{behaviour}/{name}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def fetch_urls(server, tmp_path):
    """Return a function that fetches from mirrors which behave as named."""

    def run(*behaviours, sha256=GOOD_SHA256, **source):
        urls = [server.url(b) if re.fullmatch(r"[\w-]+", b) else b for b in behaviours]
        source = {"urls": urls, "sha256": sha256, "filename": None, **source}
        with fetch_file(source, tmp_path / "downloads", tmp_path / "lock.json", KEY) as fetched:
            return fetched

    return run


def left_in(folder):
    """List the files in a folder, except the lock file's guard."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock-guard") if folder.exists() else []


def lock_entries(tmp_path):
    return json.loads((tmp_path / "lock.json").read_text())


def test_download_is_stored_under_the_urls_last_part(fetch_urls, server, tmp_path):
    fetched = fetch_urls("good", sha256=GOOD_SHA256.upper())
    assert fetched.path == tmp_path / "downloads" / "lfw.tgz"
    assert fetched.path.read_bytes() == GOOD
    assert (fetched.sha256, fetched.origin) == (GOOD_SHA256, server.url("good"))
    assert left_in(tmp_path / "downloads") == ["lfw.tgz"]
    assert not (tmp_path / "lock.json").exists()


def test_filename_overrules_the_url(fetch_urls):
    assert fetch_urls("good", filename="LFW set (1).tgz").path.name == "LFW set (1).tgz"


def test_complete_file_is_used_without_a_download(fetch_urls, server):
    fetch_urls("good")
    again = fetch_urls("good")
    assert server.seen["good"] == 1
    assert again.origin == server.url("good")


def test_damaged_file_is_downloaded_anew(fetch_urls, tmp_path):
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "lfw.tgz").write_bytes(GOOD[:100])
    assert fetch_urls("good").path.read_bytes() == GOOD


def test_redirects_are_followed(fetch_urls, server):
    assert fetch_urls("redirect").path.read_bytes() == GOOD
    assert server.seen == {"redirect": 1, "good": 1}


PASSING = ["503", "500", "429", "drops"]
LASTING = ["404", "403", "wrong", "empty", "announces-less", "page", "to-file"]
FAILURES = [*PASSING, *LASTING]


@pytest.mark.parametrize("behaviour", FAILURES)
def test_next_mirror_follows_a_failed_one_at_once(fetch_urls, server, tmp_path, behaviour):
    fetched = fetch_urls(behaviour, "good")
    assert fetched.origin == server.url("good")
    assert fetched.path.read_bytes() == GOOD
    assert server.seen == {behaviour: 1, "good": 1}
    assert left_in(tmp_path / "downloads") == ["lfw.tgz"]


@pytest.mark.parametrize("behaviour", FAILURES)
def test_failure_of_the_only_mirror_fails_the_job_after_three_tries_if_it_might_have_passed(
    fetch_urls, server, tmp_path, behaviour
):
    with pytest.raises(OSError, match="no mirror gave the file") as caught:
        fetch_urls(behaviour)
    assert server.seen == {behaviour: 3 if behaviour in PASSING else 1}
    assert str(caught.value).count(server.url(behaviour)) == 1
    assert left_in(tmp_path / "downloads") == []


@pytest.mark.parametrize("sha256", [GOOD_SHA256, None])
def test_busy_mirror_is_tried_again_after_all_others(fetch_urls, server, sha256):
    fetched = fetch_urls("busy-once", "404", "503", sha256=sha256)
    assert (fetched.origin, fetched.path.read_bytes()) == (server.url("busy-once"), GOOD)
    assert server.seen == {"busy-once": 2, "404": 1, "503": 1}


def test_pauses_grow_and_only_what_may_pass_is_waited_for(fetch_urls, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "whyface")
    slept = []
    monkeypatch.setattr(fetch, "PAUSES_S", (5.0, 30.0))
    monkeypatch.setattr(fetch.time, "sleep", slept.append)
    with pytest.raises(OSError):
        fetch_urls("404", "wrong")
    assert slept == []
    with pytest.raises(OSError, match="Connection refused"):
        fetch_urls("http://127.0.0.1:1/lfw.tgz", "404")
    assert slept == [5.0, 30.0] and "trying again in 30 s" in caplog.text


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (requests.ReadTimeout("slow"), True),
        (requests.ConnectTimeout("slow"), True),
        (requests.ConnectionError("reset"), True),
        (requests.exceptions.SSLError("forged"), False),
        (requests.exceptions.InvalidURL("what"), False),
        (requests.TooManyRedirects("round"), False),
        (gdown.exceptions.FileURLRetrievalError("no permission"), False),
        (OSError("no certificates"), False),
    ],
)
def test_only_failures_of_the_network_may_pass(fetch_urls, monkeypatch, error, passes):
    tries = []

    def fail(url, _):
        tries.append(url)
        raise error

    monkeypatch.setattr(fetch, "transfer", fail)
    with pytest.raises(OSError, match=str(error)):
        fetch_urls("good")
    assert len(tries) == (3 if passes else 1)


def test_unreachable_mirror_is_passed_over(fetch_urls, server):
    assert fetch_urls("http://127.0.0.1:1/lfw.tgz", "good").origin == server.url("good")


def test_redirect_to_a_local_file_is_not_followed(fetch_urls, server, tmp_path):
    with pytest.raises(OSError, match=r"to-file/lfw\.tgz: .*file:///etc/hostname"):
        fetch_urls("to-file")
    assert left_in(tmp_path / "downloads") == []


def test_failure_of_all_mirrors_says_why_and_what_to_do(fetch_urls, server, tmp_path):
    with pytest.raises(OSError) as caught:
        fetch_urls("404", "drops", "wrong")
    message = str(caught.value)
    assert f"{server.url('404')}: HTTP 404 Not Found" in message
    assert f"{server.url('drops')}: " in message and "IncompleteRead" in message
    assert (
        f"{server.url('wrong')}: wrong sha256: expected {GOOD_SHA256} ({KEY}.sha256), found {WRONG_SHA256}" in message
    )
    assert f"Obtain lfw.tgz (sha256 {GOOD_SHA256}) by hand and give its path as {KEY}.path." in message
    assert left_in(tmp_path / "downloads") == []


def test_full_disk_is_not_blamed_on_the_mirror(fetch_urls, monkeypatch):
    def fill_the_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch, "transfer", fill_the_disk)
    with pytest.raises(OSError, match="the disk is full") as caught:
        fetch_urls("good", "good")
    assert caught.value.errno == 28


def test_progress_is_logged_with_counts_and_rate(fetch_urls, monkeypatch, caplog):
    monkeypatch.setattr(transfer, "LOG_EVERY_S", 0)
    caplog.set_level(logging.INFO, "whyface")
    fetch_urls("good")
    assert "lfw.tgz: 20000 bytes, " in caplog.text
    assert any("of 0 MB" in line and "MB/s" in line for line in caplog.messages)


# Hashes that are not in the config


def test_first_download_is_locked_for_all_mirrors_with_a_loud_warning(fetch_urls, server, tmp_path, caplog):
    assert fetch_urls("404", "good", sha256=None).sha256 == GOOD_SHA256
    entries = lock_entries(tmp_path)
    assert set(entries) == {server.url("404"), server.url("good")}
    assert entries[server.url("good")]["sha256"] == GOOD_SHA256
    assert entries[server.url("good")]["bytes"] == len(GOOD)
    warning = next(r for r in caplog.records if "locked" in r.getMessage())
    assert warning.levelno == logging.WARNING
    for fact in (GOOD_SHA256, str(tmp_path / "lock.json"), "enforced from now on", f"{KEY}.sha256"):
        assert fact in warning.getMessage()


def test_empty_answer_is_never_locked(fetch_urls, tmp_path):
    with pytest.raises(OSError, match="the answer was empty"):
        fetch_urls("empty", sha256=None)
    assert not (tmp_path / "lock.json").exists()


def test_a_page_is_called_one_and_never_locked(fetch_urls, server, tmp_path):
    with pytest.raises(OSError, match="the answer is a web page, titled 'Sign in to go on', and not the file"):
        fetch_urls("page", sha256=None)
    assert not (tmp_path / "lock.json").exists()
    assert fetch_urls("page", "good", sha256=None).sha256 == GOOD_SHA256
    assert set(lock_entries(tmp_path)) == {server.url("page"), server.url("good")}


def test_a_file_that_proves_to_be_useless_is_not_locked_and_is_fetched_anew(server, tmp_path):
    places = tmp_path / "downloads", tmp_path / "lock.json"
    for _ in range(2):
        with pytest.raises(KeyError), fetch_file({"urls": [server.url("wrong")]}, *places, KEY) as fetched:
            assert fetched.path.read_bytes() == WRONG
            raise KeyError("not an archive")
        assert not places[1].exists()
    assert server.seen["wrong"] == 2


def test_a_file_that_its_owner_replaced_can_be_accepted_as_the_message_says(fetch_urls, server, tmp_path):
    fetch_urls("good", sha256=None).path.unlink()
    lock = json.loads((tmp_path / "lock.json").read_text())
    (tmp_path / "lock.json").write_text(json.dumps({server.url("wrong"): lock[server.url("good")]}))
    named = re.escape(f'delete these entries from {tmp_path / "lock.json"}: "{server.url("wrong")}" (of 20')
    with pytest.raises(OSError, match=named):
        fetch_urls("wrong", sha256=None)


def test_missing_certificates_are_said_and_the_next_mirror_is_tried(fetch_urls, server, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    assert fetch_urls(server.url("good").replace("http:", "https:"), "good").sha256 == GOOD_SHA256
    for fact in ("gave up on https://", "gone.pem", "is it set by REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE?"):
        assert fact in caplog.text


def test_locked_hash_makes_a_second_download_needless(fetch_urls, server):
    fetch_urls("good", sha256=None)
    fetch_urls("good", sha256=None)
    assert server.seen["good"] == 1


def test_file_that_nothing_vouches_for_is_not_used(fetch_urls, tmp_path):
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "lfw.tgz").write_bytes(WRONG)
    assert fetch_urls("good", sha256=None).path.read_bytes() == GOOD


def test_download_that_differs_from_the_locked_hash_is_refused(fetch_urls, server, tmp_path):
    fetch_urls("good", "wrong", sha256=None).path.unlink()
    before = (tmp_path / "lock.json").read_text()
    with pytest.raises(OSError, match=rf"expected {GOOD_SHA256} \(lock file .*lock.json\), found {WRONG_SHA256}"):
        fetch_urls("wrong", sha256=None)
    assert (tmp_path / "lock.json").read_text() == before
    assert left_in(tmp_path / "downloads") == []


def test_hash_in_the_config_wins_over_the_lock_file(fetch_urls):
    fetch_urls("wrong", sha256=None)
    assert fetch_urls("wrong", sha256=WRONG_SHA256).sha256 == WRONG_SHA256
    with pytest.raises(OSError, match=f"{KEY}.sha256"):
        fetch_urls("wrong", sha256=GOOD_SHA256)


def test_sources_side_by_side_lose_no_lock_entry(fetch_urls, server, tmp_path):
    urls = [server.url("good", f"{i}.tgz") for i in range(8)]
    jobs = [threading.Thread(target=fetch_urls, args=(url,), kwargs={"sha256": None}) for url in urls]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert set(lock_entries(tmp_path)) == set(urls)


def test_file_locked_meanwhile_by_another_job_is_not_overruled(fetch_urls, server, tmp_path, monkeypatch):
    entry = {server.url("good"): {"sha256": WRONG_SHA256, "bytes": 1, "first_seen": "2026-01-01"}}
    real = fetch.transfer

    def transfer_while_another_locks(url, temporary):
        real(url, temporary)
        (tmp_path / "lock.json").write_text(json.dumps(entry))

    monkeypatch.setattr(fetch, "transfer", transfer_while_another_locks)
    with pytest.raises(OSError, match=f"expected {WRONG_SHA256}"):
        fetch_urls("good", sha256=None)
    assert lock_entries(tmp_path) == entry
    assert left_in(tmp_path / "downloads") == []


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"http://x/y": {}}', '{"http://x/y": {"sha256": "123"}}', '{"a": {"sha256": null}}']
)
def test_malformed_lock_file_is_named(fetch_urls, tmp_path, text):
    (tmp_path / "lock.json").write_text(text)
    with pytest.raises(ValueError, match=r"lock\.json is malformed"):
        fetch_urls("good", sha256=None)


def test_mirrors_locked_with_different_hashes_are_an_error(fetch_urls):
    fetch_urls("good", sha256=None)
    fetch_urls("wrong", sha256=None)
    with pytest.raises(ValueError, match="different hashes"):
        fetch_urls("good", "wrong", sha256=None)


# Secrets in URLs


def secret(url):
    """Give a URL a user, a password, a signed query and a fragment."""
    return url.replace("://", "://ann:p%40ss@") + "?sig=5ba1f7c90d&t0k3n#k3y"


def shows_secret(text):
    return any(part in text for part in ("ann:", "p%40ss", "p@ss", "5ba1f7c90d", "t0k3n", "k3y"))


def test_url_with_secrets_is_fetched_and_shown_without_them(fetch_urls, server, caplog, monkeypatch):
    monkeypatch.setattr(transfer, "LOG_EVERY_S", 0)
    caplog.set_level(logging.DEBUG, "whyface")
    url = secret(server.url("good"))
    assert fetch_urls(url).origin == fetch_urls(url).origin == server.url("good") + "?..."
    assert server.seen["good"] == 1 and server.credentials == ["ann:p@ss"]
    assert "downloading http" in caplog.text and "MB/s" in caplog.text and not shows_secret(caplog.text)


@pytest.mark.parametrize("behaviour", [*FAILURES, "to-signed"])
def test_failures_show_urls_without_secrets(fetch_urls, server, caplog, behaviour):
    with pytest.raises(OSError, match=f"{behaviour}/lfw") as caught:
        fetch_urls(secret(server.url(behaviour)), secret("http://127.0.0.1:1/lfw.tgz"))
    assert "127.0.0.1:1/lfw.tgz?...: " in str(caught.value)
    assert "gave up on" in caplog.text and not shows_secret(f"{caught.value}{caplog.text}")


@pytest.mark.parametrize("url", ["ftp://host/lfw.tgz", "http://host/.hidden", "http:///lfw.tgz"])
def test_refused_urls_are_shown_without_secrets(fetch_urls, url):
    with pytest.raises(ValueError, match=KEY) as caught:
        fetch_urls(secret(url))
    assert not shows_secret(str(caught.value))


@pytest.mark.parametrize("hashes", [(GOOD_SHA256, WRONG_SHA256), (None, None), ("abc", "abc")])
def test_trouble_with_the_lock_file_shows_urls_without_secrets(fetch_urls, tmp_path, hashes):
    urls = [secret(f"http://127.0.0.1:1/{name}.tgz") for name in "ab"]
    entries = {url: {"sha256": one} for url, one in zip(urls, hashes, strict=True)}
    (tmp_path / "lock.json").write_text(json.dumps(entries))
    with pytest.raises(ValueError, match="lock file") as caught:
        fetch_urls(*urls, sha256=None)
    assert "127.0.0.1:1/a.tgz?..." in str(caught.value) and not shows_secret(str(caught.value))


# Google Drive


@pytest.fixture
def drive(monkeypatch):
    """Replace gdown.download by a stub; `drive.asked` lists the ids, `drive.errors` are raised first."""
    signature = inspect.signature(gdown.download)
    stub = SimpleNamespace(asked=[], errors=[])

    def download(**arguments):
        signature.bind(**arguments)
        stub.asked.append(arguments["id"])
        arguments["output"].write(GOOD[:10])
        if stub.errors:
            raise stub.errors.pop(0)
        arguments["output"].write(GOOD[10:])
        arguments["progress"](len(GOOD), None)

    monkeypatch.setattr(gdown, "download", download)
    return stub


DRIVE_URLS = [
    "gdrive:1_cYgy7-x",
    "https://drive.google.com/uc?id=1_cYgy7-x",
    "https://drive.google.com/uc?export=download&id=1_cYgy7-x&confirm=t",
    "https://drive.google.com/open?id=1_cYgy7-x",
    "https://drive.google.com/file/d/1_cYgy7-x/view?usp=sharing",
]


@pytest.mark.parametrize("url", DRIVE_URLS)
def test_drive_url_is_fetched_by_its_id(fetch_urls, drive, url):
    fetched = fetch_urls(url, filename="calfw.zip")
    assert drive.asked == ["1_cYgy7-x"]
    assert (fetched.path.name, fetched.path.read_bytes(), fetched.origin) == ("calfw.zip", GOOD, "gdrive:1_cYgy7-x")


@pytest.mark.parametrize(
    "error",
    [
        gdown.exceptions.DownloadError("cut"),
        gdown.exceptions.FileURLRetrievalError("no permission"),
        requests.ConnectionError("reset"),
    ],
)
def test_next_mirror_follows_a_drive_error(fetch_urls, drive, server, error):
    drive.errors = [error]
    assert fetch_urls("gdrive:abc", "good", filename="a.zip").origin == server.url("good")
    assert drive.asked == ["abc"]
    drive.errors = [error] * 3
    with pytest.raises(OSError, match=f"gdrive:abc: {error}"):
        fetch_urls("gdrive:abc", filename="b.zip")


def test_drive_url_needs_a_filename(fetch_urls):
    for url in ("gdrive:abc", "https://drive.google.com/uc?id=abc"):
        with pytest.raises(ValueError, match=rf"{KEY}\.filename"):
            fetch_urls(url)


# What the config may contain


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://host/lfw.tgz",
        "/data/lfw.tgz",
        "http:///lfw.tgz",
        "gdrive:",
        "gdrive:a/b",
        "https://drive.google.com/drive/folders/abc",
    ],
)
def test_other_urls_are_refused_before_any_download(fetch_urls, server, url):
    with pytest.raises(ValueError, match=rf"{KEY}\.urls: '{url}' is not allowed; allowed: http://"):
        fetch_urls("good", url)
    assert not server.seen


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "../a", "a..b", "a\\b", "/a", "a\n", "a\0", "C:a"])
def test_file_name_that_is_not_plain_is_refused(fetch_urls, server, name):
    with pytest.raises(ValueError, match=rf"{KEY}\.filename: .* is not a plain file name"):
        fetch_urls("good", filename=name)
    assert not server.seen


@pytest.mark.parametrize("last", ["", "..%2Fevil", "a%20b", ".hidden"])
def test_url_whose_last_part_is_not_plain_needs_a_filename(fetch_urls, server, last):
    with pytest.raises(ValueError, match=rf"{KEY}\.filename"):
        fetch_urls(server.url("good", last) if last else "http://127.0.0.1:1")


@pytest.mark.parametrize("source", [{}, {"urls": []}, {"urls": None, "path": None}, {"urls": "http://host/a"}])
def test_source_without_mirrors_is_refused(tmp_path, source):
    with pytest.raises(ValueError, match=f"{KEY}: urls is "):
        fetch_file(source, tmp_path, tmp_path / "lock.json", KEY).__enter__()


def test_malformed_sha256_is_refused(fetch_urls):
    with pytest.raises(ValueError, match=rf"{KEY}\.sha256: 'abc' is not a sha256; allowed: 64"):
        fetch_urls("good", sha256="abc")


# Files that are already here


def test_folder_at_path_wins_over_urls_and_is_used_where_it_lies(fetch_urls, server, tmp_path):
    fetched = fetch_urls("good", path=str(tmp_path))
    assert (fetched.path, fetched.sha256, fetched.origin) == (tmp_path, None, f"local folder {tmp_path.name}")
    assert not server.seen and not (tmp_path / "downloads").exists()


@pytest.mark.parametrize("sha256", [None, GOOD_SHA256])
def test_file_at_path_is_hashed_and_not_copied(fetch_urls, tmp_path, sha256):
    (tmp_path / "mine.tgz").write_bytes(GOOD)
    fetched = fetch_urls("good", path=str(tmp_path / "mine.tgz"), sha256=sha256)
    assert (fetched.path, fetched.sha256) == (tmp_path / "mine.tgz", GOOD_SHA256)
    assert fetched.origin == "local file mine.tgz"
    assert left_in(tmp_path) == ["mine.tgz"]


def test_file_at_path_with_another_hash_is_refused(fetch_urls, tmp_path):
    (tmp_path / "mine.tgz").write_bytes(WRONG)
    with pytest.raises(ValueError, match=rf"mine\.tgz: wrong sha256: expected {GOOD_SHA256} .*, found {WRONG_SHA256}"):
        fetch_urls("good", path=str(tmp_path / "mine.tgz"))


def test_missing_path_is_refused_by_key_and_name(fetch_urls, tmp_path):
    with pytest.raises(ValueError, match=rf"{KEY}\.path: there is no file or folder .*absent\.tgz"):
        fetch_urls("good", path=str(tmp_path / "absent.tgz"))
