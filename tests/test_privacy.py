"""Nothing private leaves: no byte of a site tells where its files lay, whose account fetched them, or its password."""

import base64
import gzip
import hashlib
import io
import json
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import ExifTags, Image, PngImagePlugin

import align_faces
import fabricate
import fetch_collection
import fetch_file
import list_images
from leaks import find_leaks
from whyface.site import render_site
from whyface.tables.parquet import read_about

FOLDER, USER, PASSWORD = "o'hara suspects", "jane.roe", "pw&%Zürich"
SIGNATURE, TOKEN, FRAGMENT, PLACE = "5ba1f7c90d", "t0k3nOfJane", "keyOfJane", "47 Elm Street"
SECRETS = (FOLDER, USER, PASSWORD, SIGNATURE, TOKEN, FRAGMENT, PLACE)
ALIGNMENT = f"five-point-{fabricate.SIDE}px"
TRUNCATED, TEXT, VANISHED = "person00/0000.jpg", "person01/0002.jpg", "person02/0004.jpg"


@pytest.fixture
def host():
    """Yield a function that puts a file on a server behind a user, a password and a signed query; returns its URL."""
    files = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = files[self.path.partition("?")[0]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def put(name, content):
        files[f"/{name}"] = content
        user, password = quote(USER), quote(PASSWORD)
        query = f"X-Amz-Signature={SIGNATURE}&token={TOKEN}#{FRAGMENT}"
        return f"http://{user}:{password}@127.0.0.1:{server.server_port}/{name}?{query}"

    yield put
    server.shutdown()
    server.server_close()


def write_photos(folder):
    """Write images that say where they were taken, and two that cannot be read; one is a PNG with a text of its own."""
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = exif[ExifTags.Base.Artist] = PLACE
    exif[ExifTags.Base.XPComment] = PLACE.encode("utf-16-le")
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = PLACE.encode()
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Comment", PLACE)
    pixels = np.random.default_rng(0).integers(0, 256, (12, 40, 40, 3), np.uint8)
    for place, one in enumerate(pixels):
        path = folder / f"person{place // 2:02d}/{place:04d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        how = {"format": "PNG", "pnginfo": chunks} if place == 11 else {"comment": PLACE, "xmp": PLACE.encode()}
        Image.fromarray(one).save(path, exif=exif, icc_profile=PLACE.encode(), **how)
    (folder / TRUNCATED).write_bytes((folder / TRUNCATED).read_bytes()[:-200])
    (folder / TEXT).write_text(f"not an image, from {PLACE}")
    return folder


def zip_bytes(folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*.jpg")):
            archive.write(path, path.relative_to(folder))
    return packed.getvalue()


def run(script, tmp_path, output, **parts):
    given = {"wildcards": {}, "input": {}, **parts}
    spaces = {name: SimpleNamespace(**values) for name, values in given.items() if name != "wildcards"}
    spaces["wildcards"] = type("Wildcards", (dict,), {"__getattr__": dict.__getitem__})(given["wildcards"])
    outputs = SimpleNamespace(**{name: str(tmp_path / path) for name, path in output.items()})
    script.main(SimpleNamespace(log=[str(tmp_path / "results/logs/log")], output=outputs, **spaces))


def audit(tmp_path, config, after_listing=lambda: None):
    """Fetch, list and align the collection `synth` and fetch the weights of `demo`, as the rules do; build the site."""
    results = fabricate.results(tmp_path / "results")
    own = "results/collections/synth"
    receipt, images = f"{own}/receipt.json", "results/tables/images/collection=synth/images.parquet"
    params = {"source": config["collections"]["synth"]["source"], "layout": "folders", "state": ""}
    wildcards, weights = {"collection": "synth"}, {"source": config["models"]["demo"]["weights"], "key": "weights"}
    run(fetch_file, tmp_path, {"receipt": "results/weights/demo.json"}, params=weights)
    run(fetch_collection, tmp_path, {"receipt": receipt, "files": f"{own}/files"}, params=params, wildcards=wildcards)
    given = {"receipt": tmp_path / receipt}
    run(list_images, tmp_path, {"images": images}, input=given, params={"layout": "folders"}, wildcards=wildcards)
    after_listing()
    run(
        *(align_faces, tmp_path),
        {
            "faces": f"results/tables/faces/collection=synth/alignment={ALIGNMENT}/faces.parquet",
            "crops": f"results/aligned/synth/{ALIGNMENT}/crops.npy",
        },
        input={**given, "images": tmp_path / images, "pairs": [results / "tables/pairs/dataset=synth/pairs.parquet"]},
        params={"alignment": "none", "side_px": fabricate.SIDE, "margin_px": 0, "device": "cpu"}
        | {"smallest_face_px": 20},
        wildcards={**wildcards, "alignment": ALIGNMENT},
    )
    site = results / "site"
    render_site(config, results, site)
    return site


def written(tmp_path, url, source):
    """Give a config whose files come from secret places, also those that the run does not use."""
    config = fabricate.config()
    config["run"] = {"datasets": ["synth"], "models": ["demo"]}
    config["collections"]["synth"] |= {"layout": "folders", "source": source}
    config["models"]["demo"]["weights"] = {"urls": [url], "filename": "net.onnx"}
    config["models"]["mobile"]["weights"] = {"path": f"../{FOLDER}/net.onnx"}
    config["collections"]["photos"]["source"] = {"urls": [f"https://{TOKEN}@example.org/a.zip?{SIGNATURE}#{FRAGMENT}"]}
    config["datasets"]["photos"]["pairs"] = {"path": f"{tmp_path}/{FOLDER}/pairs.csv"}
    return config


@pytest.mark.parametrize(
    ("door", "origin"),
    [
        ("folder", "local folder faces"),
        ("relative folder", "local folder faces"),
        ("archive", r"local file faces\.zip"),
        ("url", r"http://127\.0\.0\.1:\d+/faces\.zip\?\.\.\."),
    ],
)
def test_no_byte_of_a_site_tells_a_place_or_a_secret(tmp_path, monkeypatch, host, door, origin):
    monkeypatch.chdir(tmp_path)
    photos = write_photos(tmp_path / FOLDER / "faces")
    (tmp_path / FOLDER / "faces.zip").write_bytes(zip_bytes(photos))
    url = host("net.onnx", b"weights")
    images = host("faces.zip", zip_bytes(photos))
    sources = {
        "folder": {"path": str(photos)},
        "relative folder": {"path": f"{FOLDER}/faces"},
        "archive": {"path": str(photos.with_suffix(".zip"))},
        "url": {"urls": [images]},
    }

    def vanish():
        found = photos if "folder" in door else tmp_path / "results/collections/synth/files"
        (found / VANISHED).unlink()

    config = written(tmp_path, url, sources[door])
    site = audit(tmp_path, config, vanish)
    digests = [hashlib.new(kind, one.encode()).hexdigest() for kind in ("md5", "sha256") for one in (url, images)]
    assert find_leaks(site, [*SECRETS, tmp_path.name, *digests]) == set()
    shown = (site / "data.html").read_text(encoding="utf-8")
    about = read_about(site / "data/images/collection=synth/images.parquet")
    assert re.fullmatch(origin, about["source"]) and about["source"] in shown and "/net.onnx?..." in shown
    faces = pq.read_table(site / f"data/faces/collection=synth/alignment={ALIGNMENT}/faces.parquet").to_pandas()
    why = faces.set_index("image_id")["detail"]
    for name, reason in {TRUNCATED: "truncated", TEXT: "not a JPEG", VANISHED: "No such file"}.items():
        assert why[name].startswith(f"{name}: unreadable image: ") and reason in why[name]


def test_published_faces_carry_nothing_but_pixels(tmp_path, monkeypatch, host):
    monkeypatch.chdir(tmp_path)
    photos = write_photos(tmp_path / "faces")
    site = audit(tmp_path, written(tmp_path, host("net.onnx", b"weights"), {"path": str(photos)}))
    crops = sorted(site.glob(f"faces/synth/{ALIGNMENT}/*/*.webp"))
    assert len(crops) == 10
    for path in crops:
        with Image.open(path) as image:
            assert not image.getexif() and not {"exif", "xmp", "icc_profile", "comment"} & {*image.info}


def test_the_search_finds_a_word_however_it_is_packed(tmp_path):
    word, text = "sécret/42", "say sécret/42 aloud".encode()
    packed = base64.b64encode(gzip.compress(text))
    hidden = {
        "plain.html": text,
        "entity.html": b"s&eacute;cret&#47;42",
        "link.html": b"s%C3%A9cret%2f42",
        "both.html": b"s%c3%a9cret&#x2F;42",
        "one.json": json.dumps("SÉCRET/42").encode(),
        "slash.json": b'"s\\u00e9cret\\/42"',
        "one.js": b'load("' + packed + b'");',
        "one.csv.gz": gzip.compress(text),
        "wide.webp": b"RIFF" + "sécret/42".encode("utf-16-le"),
    }
    for name, content in hidden.items():
        (tmp_path / name).write_bytes(content)
    table = pa.table({"a": [text.decode()] * 3})
    pq.write_table(table, tmp_path / "value.parquet", compression="zstd")
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"source": word}), tmp_path / "about.parquet")
    (tmp_path / "sécret").mkdir()
    (tmp_path / "sécret/42").write_bytes(b"")
    wanted = {*hidden, "value.parquet", "about.parquet", "sécret/42"}
    assert find_leaks(tmp_path, [word, "elsewhere"]) == {(name, word) for name in wanted}
