"""Where a file came from, in the form that may be published: without places on this machine, users and passwords."""

import re
from pathlib import Path, PureWindowsPath

# A colon that starts no port belongs to a password; one with a slash reaches to the last @.
_USERINFO = re.compile(r"(?<=://)(?:[^\s/?#]*@|[^\s/?#@]*:(?!\d*(?:[/?#\s]|$))\S*@)")
_QUERY = re.compile(r"[?#]\S+")
_DRIVE_ID = re.compile(r"gdrive:([\w-]+)|https://drive\.google\.com/(?:file/d/|\w+\?(?:\S*&)?id=)([\w-]+)\S*")


def drive_id(url: str) -> str | None:
    """Return the id of a file on Google Drive; None for other URLs."""
    found = _DRIVE_ID.fullmatch(url)
    return found and (found[1] or found[2])


def public_url(url: str) -> str:
    """Return a URL without user, password, query and fragment: any of them may be secret, for example a signature.

    `?...` says that something followed. Of a file on Google Drive, the id remains, as `gdrive:ID`.
    """
    on_drive = drive_id(url)
    return f"gdrive:{on_drive}" if on_drive else without_secrets("%20".join(url.split()))


def without_secrets(message: str) -> str:
    """Cut from the URLs in a message what `public_url` does; also from paths with a query, as in errors of requests."""
    return _QUERY.sub("?...", _USERINFO.sub("", message))


def public_path(path: Path | str) -> str:
    """Return the last part of a path, written for any system; those before it may name users and cases."""
    return PureWindowsPath(path).name or "."
