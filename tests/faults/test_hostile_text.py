"""Pair lists, lists of images or landmarks, and configs from strangers: broken, huge, or made to be taken for code.

Each ends with an error that names the file, and the line where there is one, or as text, within seconds and with
bounded memory.
"""

import csv
import io
import json

from breakages import Breakage
from measured import run_all

from conftest import REPOSITORY

SCHEMA = REPOSITORY / "workflow" / "schemas" / "config.schema.yaml"
ROW = "hostile CSV, YAML, names"
MOST_CPU_S, MOST_MB = 10.0, 400
BREAKAGES = [
    Breakage(
        "aliases are not counted",
        "workflow/scripts/whyface/config_files.py",
        "elif _count(root, {}) > MOST_VALUES:",
        "elif False:",
        "test_a_broken_config_is_refused_in_a_few_words",
    ),
    Breakage(
        "the length of a line is not bounded",
        "workflow/scripts/whyface/lists/list_files.py",
        "if len(line) == LONGEST_LINE:",
        "if False:",
        "test_a_broken_list_is_refused_with_file_and_line",
    ),
    Breakage(
        "control characters stay in values",
        "workflow/scripts/whyface/lists/csv_rows.py",
        'if not tidy.isprintable() and any(unicodedata.category(letter) == "Cc" for letter in tidy):',
        "if False:",
        "test_a_broken_list_is_refused_with_file_and_line",
    ),
]
HEAD = "image_a,image_b,is_genuine,fold,group\n"
BIG = "x" * (10 << 20)
# By name: the list, and what the error says besides the file; with a line where the form has lines.
BROKEN_PAIRS = {
    "a cell of 10 MB": (HEAD + f"a.png,b.png,1,0,{BIG}\n", ":2: a line of"),
    "a quoted cell of 10 MB over lines": (HEAD + 'a.png,b.png,1,0,"' + "x\n" * (5 << 20), ":2: malformed CSV"),
    "a million columns": (",".join(f"c{i}" for i in range(1_000_000)) + "\n", ":1: a line of"),
    "a hundred thousand columns": (HEAD.strip() + "," * 100_000 + "\n", ":1: "),
    "a million columns in a row": (HEAD + "," * 999_999 + "\n", ":2: "),
    "a name of 10 MB": (f"{BIG},image_b\n", ":1: a line of"),
    "null byte in a value": (HEAD + "a.png,b.png,1,0,a\0b\n", ":2: group is"),
    "null byte in a name": (HEAD + "a.png\0,b.png,1,0,x\n", ":2: image"),
    "escape sequence": (HEAD + "a.png,b.png,1,0,\x1b[31mred\n", ":2: group is"),
    "null bytes alone": ("\0" * 100_000, ":1"),
    "label that is no label": (HEAD + "a.png,b.png,maybe,0,x\n", ":2: is_genuine is 'maybe'"),
    "label of 100 kB": (HEAD + f"a.png,b.png,{'1' * 100_000},0,x\n", ":2: is_genuine"),
    "huge fold": (HEAD + f"a.png,b.png,1,{'9' * 5000},x\n", ":2: fold is"),
    "negative fold": (HEAD + "a.png,b.png,1,-1,x\n", ":2: fold is"),
    "fold that is no number": (HEAD + "a.png,b.png,1,nan,x\n", ":2: fold is"),
    "digits of another alphabet": (HEAD + "a.png,b.png,1,٣,x\n", ":2: fold is"),
    "formula for an image": (HEAD + "=cmd|'/c calc'!A1,b.png,1,0,x\n", ":2: image"),
    "climbing path for an image": (HEAD + "../../etc/passwd,b.png,1,0,x\n", ":2: image"),
    "address for an image": (HEAD + "file:///etc/passwd,b.png,1,0,x\n", ":2: image"),
    "too few fields": (HEAD + "a.png,b.png\n", ":2: 2 fields"),
    "open quote": (HEAD + 'a.png,b.png,1,0,"x\n', ":2: malformed CSV"),
    "text after a quote": (HEAD + 'a.png,b.png,1,0,"x"y\n', ":2: malformed CSV"),
    "no column of images": ("one,two\n1,2\n", ":1: the first line"),
    "two columns of one name": ("image_a,image_b,x,X\n", ":1: every column"),
    "column of HTML": ("image_a,image_b,<script>alert(1)</script>\n", ":1: column '<script>"),
    "column of a formula": ("image_a,image_b,=1+1\n", ":1: column '=1"),
    "column of another direction": ("image_a,image_b,a\u202eb\n", ":1: column"),
    "column that hides the tables' own": ("image_a,image_b,subject_a\n", ":1: columns"),
    "empty": ("", ":1: the list holds no pairs"),
    "header alone": (HEAD, ":1: the list holds no pairs"),
    "latin-1": (HEAD.encode() + b"a.png,b.png,1,0,na\xefve\n", ":2: not UTF-8"),
    "UTF-16 without its mark": (HEAD.encode("utf-16-le"), ":1: column"),
    "UTF-16 cut": (HEAD.encode("utf-16")[:-1], ": neither UTF-8 nor UTF-16"),
    "surrogate": (HEAD.encode() + b"a.png,b.png,1,0,\xed\xa0\x80\n", ":2: not UTF-8"),
    "zip": (b"PK\3\4" + bytes(100), ": a zip archive"),
    "Parquet cut": (b"PAR1" + bytes(100) + b"PAR1", ": unreadable pair list"),
    "Parquet that claims a footer of 4 GB": (b"PAR1" + bytes(100) + b"\xff\xff\xff\xff" + b"PAR1", ": damaged"),
    "one image against itself as an impostor": (HEAD + "a.png,a.png,0,0,x\n", ":2: image 'a.png' is its own impostor"),
    "contradicting labels": (HEAD + "a.png,b.png,1,0,x\nb.png,a.png,0,0,x\n", ":2"),
}
SHOWN = [
    *('=HYPERLINK("http://x","y")', "+1+1", "@SUM(A1)", "-2+3", "<script>alert(1)</script>", '"><img src=x onerror=y>'),
    *("{{ 7*7 }}", "${jndi:ldap://x}", "\u202egnp.exe", "\u2066a\u2069", "a\u200bb", "\ufeffx", "Z\u0351a\u0321lgo"),
    *("'; DROP TABLE pairs; --", "../../etc/passwd", "NaN", "null", "1e999", "x" * 10_000, "🙂" * 200, "\u00adsoft"),
]
BROKEN_IMAGES = {
    "a value of 10 MB with a control code": (f"image_id,group\na.png,{BIG}\x01\n", ":2: "),
    "a million columns": (",".join(f"c{i}" for i in range(1_000_000)) + "\n", ":1: "),
    "column of HTML": ("image_id,<b>x</b>\n", ":1: "),
    "column of a formula": ("image_id,=1+1\n", ":1: "),
    "null byte": ("image_id,group\na.png,x\0y\n", ":2: group is"),
    "unknown image": ("image_id,group\n../../etc/passwd,x\n", ":2: "),
    "image twice": ("image_id,group\na.png,x\na.png,y\n", ":3: "),
    "not UTF-8": (b"image_id,group\na.png,\xff\xfe\n", ":2"),
    "empty": ("", ":1"),
}
POINTS = "image_id," + ",".join(
    f"{point}_{axis}" for point in ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth") for axis in "xy"
)
BROKEN_LANDMARKS = {
    what: (f"{POINTS}\n{row}\n", ":2: ")
    for what, row in {
        "not a number": "a.png,nan" + ",1" * 9,
        "infinite": "a.png,1e999" + ",1" * 9,
        "text of 10 MB": f"a.png,{BIG}" + ",1" * 9,
        "formula": "a.png,=1+1" + ",1" * 9,
        "one point": "a.png" + ",1" * 10,
        "unknown image": "../a.png" + ",1,2" * 5,
        "too few": "a.png,1,2",
    }.items()
}


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def prepare(folder):
    """Make a collection of two images, its receipt, and its table of images."""
    import numpy as np
    from PIL import Image

    from whyface.lists.layouts import list_images
    from whyface.tables.parquet import write_table
    from whyface.tables.schemas import IMAGES

    (folder / "photos").mkdir(parents=True)
    for i, name in enumerate(("a.png", "b.png")):
        Image.fromarray(np.full((24, 24, 3), 99 * i, np.uint8)).save(folder / "photos" / name)
    write_table(list_images(folder / "photos", "folders"), folder / "images.parquet", IMAGES, {"collection": "c"})
    (folder / "receipt.json").write_text(receipt("photos"))
    return folder


def receipt(path):
    return json.dumps({"path": path, "sha256": "", "origin": "local", "state": ""})


def check_refused(outcomes, wanted):
    """Check that each case ended with a ValueError that names its file and says what it should."""
    failures = []
    for name, (file, says) in wanted.items():
        got = outcomes[name]
        if got.kind not in ("ValueError", "RefusedError") or file + says.partition(": ")[0] not in got.error:
            failures.append(f"{name}: {got.kind} {got.error[:200]!r}")
        if says not in got.error or len(got.error) > 3000:
            failures.append(f"{name}: says {got.error[:200]!r} in {len(got.error)} characters")
        if got.cpu_s > MOST_CPU_S or got.grown_mb > MOST_MB:
            failures.append(f"{name}: took {got.cpu_s:.1f} s and {got.grown_mb:.0f} MB")
    assert not failures, "\n".join(failures)


def pairs_case(folder, name, text):
    (folder / f"{name}.csv").write_bytes(as_bytes(text))
    (folder / f"{name}.json").write_text(receipt(f"{name}.csv"))
    return {
        "cwd": str(folder),
        "wildcards": {"dataset": "d"},
        "params": {"protocol": "pairs-csv", "all_pairs": {}, "reference": True},
        "input": {"receipt": "receipt.json", "images": "images.parquet", "pairs": [f"{name}.json"]},
        "output": {"pairs": f"{name}.parquet"},
        "log": {"log": f"{name}.log"},
    }


def test_a_broken_list_is_refused_with_file_and_line(tmp_path, tried):
    folder = prepare(tmp_path)
    cases = {name: pairs_case(folder, f"list-{i}", BROKEN_PAIRS[name][0]) for i, name in enumerate(BROKEN_PAIRS)}
    wanted = {name: (f"list-{i}.csv", BROKEN_PAIRS[name][1]) for i, name in enumerate(BROKEN_PAIRS)}
    check_refused(run_all("list_pairs", cases), wanted)
    assert not [*folder.glob("list-*.parquet")]
    tried(ROW, len(cases))


def test_values_that_look_like_code_are_kept_as_text(tmp_path, tried):
    from whyface.tables.parquet import read_table
    from whyface.tables.schemas import PAIRS

    stream = io.StringIO()
    csv.writer(stream).writerows([["image_a", "image_b", "group"], *(["a.png", "b.png", value] for value in SHOWN)])
    folder = prepare(tmp_path)
    got = run_all("list_pairs", {"shown": pairs_case(folder, "shown", stream.getvalue())})["shown"]
    assert not got.error
    assert [*read_table(folder / "shown.parquet", PAIRS)["group"]] == SHOWN
    tried(ROW, len(SHOWN))


def test_a_broken_list_of_images_or_landmarks_is_refused_with_file_and_line(tmp_path, tried):
    listing, landmarks = {}, {}
    for i, (name, (text, _)) in enumerate(BROKEN_IMAGES.items()):
        folder = prepare(tmp_path / f"images-{i}")
        (folder / "photos" / "images.csv").write_bytes(as_bytes(text))
        listing[name] = {
            **{"cwd": str(folder), "wildcards": {"collection": "c"}, "params": {"layout": "folders"}},
            **{"input": {"receipt": "receipt.json"}, "output": {"images": "new.parquet"}, "log": {"log": "log"}},
        }
    check_refused(run_all("list_images", listing), {n: ("photos/images.csv", s) for n, (_, s) in BROKEN_IMAGES.items()})
    for i, (name, (text, _)) in enumerate(BROKEN_LANDMARKS.items()):
        folder = prepare(tmp_path / f"landmarks-{i}")
        (folder / "photos" / "landmarks.csv").write_text(text)
        pairs = pairs_case(folder, "good", HEAD + "a.png,b.png,,,x\n")
        if not i:
            made = run_all("list_pairs", {"good": pairs})["good"]
            assert not made.error, made
        else:
            (folder / "good.parquet").write_bytes((tmp_path / "landmarks-0" / "good.parquet").read_bytes())
        how = {"alignment": "five-point", "side_px": 32, "margin_px": 0, "device": "cpu", "smallest_face_px": 20}
        landmarks[name] = {
            **{"cwd": str(folder), "wildcards": {"collection": "c", "alignment": "x"}, "params": how},
            "input": {"receipt": "receipt.json", "images": "images.parquet", "pairs": ["good.parquet"]},
            **{"output": {"faces": "faces.parquet", "crops": "crops.npy"}, "log": {"log": "log"}},
        }
    wanted = {name: ("photos/landmarks.csv", says) for name, (_, says) in BROKEN_LANDMARKS.items()}
    check_refused(run_all("align_faces", landmarks), wanted)
    tried(ROW, len(listing) + len(landmarks))


LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))]
)
BROKEN_CONFIGS = {
    "billion laughs": LAUGHS + "\nrun: {datasets: *a11, models: [x]}\n",
    "billion laughs in mappings": "run:\n  b0: &b0 {k: v, l: v}\n"
    + "".join(f"  b{i}: &b{i} {{k: *b{i - 1}, l: *b{i - 1}}}\n" for i in range(1, 40)),
    "leads to itself": "run: &run {datasets: *run, models: *run}\n",
    "object of Python": "run: !!python/object/apply:os.system ['touch evil']\n",
    "module of Python": "run: !!python/name:os.system\n",
    "nested ten thousand times": "run: " + "[" * 10_000 + "]" * 10_000 + "\n",
    "repeated key": "run: {device: cpu}\nrun: {device: cpu}\n",
    "text of 10 MB": f"run: {{device: '{BIG}'}}\n",
    "key of 1 MB": f"run: {{? '{BIG[: 1 << 20]}' : 1}}\n",
    "number of 10,000 digits": f"occlusion: {{shards: {'9' * 10_000}}}\n",
    "not a number": "occlusion: {stride_px: .nan}\n",
    "infinite": "occlusion: {stride_px: .inf}\n",
    "tab": "run:\n\tdevice: cpu\n",
    "not UTF-8": b"run: {device: '\xff\xfe'}\n",
    "UTF-16 without its mark": "run: {device: cpu}\n".encode("utf-16-le"),
    "null byte": "run: {device: 'a\0b'}\n",
    "unclosed": "run: {device: 'cpu\n",
    "two documents": "run: {}\n---\nrun: {}\n",
    "list": "- run\n- site\n",
    "text alone": "run\n",
    "HTML for a key": "run: {<script>alert(1)</script>: 1}\n",
    "unknown anchor": "run: *nobody\n",
}


def test_a_broken_config_is_refused_in_a_few_words(tmp_path, tried):
    cases = {}
    for i, (name, text) in enumerate(BROKEN_CONFIGS.items()):
        (tmp_path / f"{i}.yaml").write_bytes(as_bytes(text))
        cases[name] = {"cwd": str(tmp_path), "input": {"overlay": f"{i}.yaml", "schema": str(SCHEMA)}}
    failures = []
    for name, got in run_all("read_overlay", cases).items():
        if got.kind != "ValueError" or len(got.error) > 5000 or got.cpu_s > MOST_CPU_S or got.grown_mb > MOST_MB:
            failures.append(f"{name}: {got.kind} {got.error[:150]!r} {got.cpu_s:.1f} s {got.grown_mb:.0f} MB")
    assert not failures, "\n".join(failures)
    assert not (tmp_path / "evil").exists()
    tried(ROW, len(cases))
