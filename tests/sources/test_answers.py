"""Pages are told from files by how they begin."""

import pytest

from whyface.sources.answers import describe_page

PAGES = {
    b"<!DOCTYPE html><title>Sign in</title>": "a web page, titled 'Sign in',",
    b"\xef\xbb\xbf\r\n  <HTML lang=en>": "a web page",
    b"<html><head><TITLE data-x>\n Virus  scan\n</TITLE>": "a web page, titled 'Virus scan',",
    b"<?xml version='1.0'?><Error><Code>AccessDenied": "a web page",
    b"<Error><Code>": "a web page",
    b"<!-- hello -->": "a web page",
    b"<script>": "a web page",
    b'{"error": "quota"}': "an answer in JSON",
    b"{ }": "an answer in JSON",
}
FILES = [
    b"",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"PAR1",
    b"10\t300\nAaron_Peirsol\t1\t2",
    b"image_a,image_b\n<b>.png,<html>.png",
    b"\x80\x02}q\x00",
    b'{\x00\x00\x00\x00\x00\x00\x00{"__metadata__"',
    b'<\x00\x00\x00\x00\x00\x00\x00{"weights"',
]


@pytest.mark.parametrize("content", PAGES)
def test_a_page_is_named(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert describe_page(tmp_path / "file") == PAGES[content]


@pytest.mark.parametrize("content", FILES)
def test_a_file_may_be_what_it_should(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert describe_page(tmp_path / "file") is None
