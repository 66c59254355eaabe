"""Opens packs one after another with little memory to spare, and prints a line of JSON for each: what came of it."""

import json
import re
import resource
import sys
import time
from pathlib import Path

from whyface.sources.insightface_bin import unpack_bin

SPARE_BYTES = 200 << 20


def main(paths: list[str]) -> None:
    """Open each; whatever asks for more than the spare memory gets none, which is another error than expected."""
    used = re.search(r"VmData:\s+(\d+) kB", Path("/proc/self/status").read_text())
    limit = int(used[1]) * 1024 + SPARE_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    for path in map(Path, paths):
        start = time.process_time()
        print(json.dumps({"file": path.name, **_open(path), "seconds": time.process_time() - start}))  # noqa: T201


def _open(path: Path) -> dict[str, object]:
    try:
        unpack_bin(path, path.with_suffix(".files"))
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}
    return {"error": None, "message": ""}


if __name__ == "__main__":
    main(sys.argv[1:])
