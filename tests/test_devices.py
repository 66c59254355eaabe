"""Shards take the visible cards in turns."""

import os

import pytest
import torch

from whyface.devices import VISIBLE, take_card


@pytest.mark.parametrize(
    ("cards", "visible", "expected"),
    [(2, None, ["0", "1", "0"]), (3, "4,5,GPU-a", ["4", "5", "GPU-a"]), (1, None, [None] * 3), (0, None, [None] * 3)],
)
def test_shards_take_cards_in_turns(monkeypatch, cards, visible, expected):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    taken = []
    for shard in (1, 2, 3):
        monkeypatch.delenv(VISIBLE, raising=False)
        if visible:
            monkeypatch.setenv(VISIBLE, visible)
        take_card(shard)
        taken.append(os.environ.get(VISIBLE))
    assert taken == expected
