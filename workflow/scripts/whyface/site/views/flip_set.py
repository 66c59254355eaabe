"""View model of a set of cells that turns a pair's decision."""

from collections.abc import Mapping
from typing import Any

from whyface.site.words.flip_sets import flip_set


def pair_flip_set(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Describe the set in a pair's row of the table flip_sets; empty if it is not known whether there is one."""
    sentence = flip_set(row)
    if row is None or not sentence:
        return {}
    if not row["turned"]:
        return {"sentence": sentence, "cells": ""}
    cells = " ".join(map(str, row["cells"]))
    return {"sentence": sentence, "cells": cells, "side": row["side"], "per_side": int(row["cells_per_side"])}
