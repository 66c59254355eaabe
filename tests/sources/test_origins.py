"""Origins as they may be published."""

import pytest

from whyface.sources.origins import public_path, public_url, without_secrets


@pytest.mark.parametrize(
    ("url", "published"),
    [
        ("https://example.org/sets/lfw.tgz", "https://example.org/sets/lfw.tgz"),
        ("https://jane:pw@example.org/lfw.tgz", "https://example.org/lfw.tgz"),
        ("https://token@example.org/lfw.tgz", "https://example.org/lfw.tgz"),
        ("https://jane:p@w@example.org:8080/lfw.tgz", "https://example.org:8080/lfw.tgz"),
        ("https://example.org/lfw.tgz?sig=a&token=b", "https://example.org/lfw.tgz?..."),
        ("https://example.org/lfw.tgz?c2VjcmV0==", "https://example.org/lfw.tgz?..."),
        ("https://example.org/lfw.tgz#key", "https://example.org/lfw.tgz?..."),
        ("https://jane:pw@example.org?token=a b", "https://example.org?..."),
        ("http://jane:pw@[::1]:80/a", "http://[::1]:80/a"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("https://example.org:443/pkg@1.0/a", "https://example.org:443/pkg@1.0/a"),
        ("https://example.org/pkg@1.0/a?b@c", "https://example.org/pkg@1.0/a?..."),
        # Passwords that should have been encoded
        ("https://jane:p/w@example.org/a", "https://example.org/a"),
        ("https://jane:p?w@example.org/a", "https://example.org/a"),
        ("https://jane:p#w@example.org/a", "https://example.org/a"),
        ("gdrive:1_a-B", "gdrive:1_a-B"),
        ("https://drive.google.com/uc?export=download&id=1_a-B&resourcekey=0-x", "gdrive:1_a-B"),
        ("https://drive.google.com/file/d/1_a-B/view?usp=sharing", "gdrive:1_a-B"),
    ],
)
def test_a_published_url_names_host_and_file_only(url, published):
    assert public_url(url) == published
    assert public_url(published) == published


def test_messages_lose_the_secrets_of_their_urls_only():
    message = (
        "2 of 3 failed: Max retries for url: /a.zip?sig=x&y (by http://jane:pw@example.org/b#c at 12:30). Why? See #"
    )
    told = "2 of 3 failed: Max retries for url: /a.zip?... (by http://example.org/b?... at 12:30). Why? See #"
    assert without_secrets(message) == told


@pytest.mark.parametrize(
    ("path", "published"),
    [
        ("/home/jane/case 7/faces", "faces"),
        ("case 7/faces/", "faces"),
        ("faces", "faces"),
        ("~/lfw.tgz", "lfw.tgz"),
        ("C:\\Users\\jane\\faces", "faces"),
        (".", "."),
        ("/", "."),
        ("..", ".."),
    ],
)
def test_of_a_path_only_the_last_part_is_published(path, published):
    assert public_path(path) == published
