"""Takes one file out of a zip from strangers, for models and lists that come packed with others."""

import difflib
import posixpath
import shutil
import zipfile
import zlib
from pathlib import Path

from whyface.sources.fetch import Fetched
from whyface.sources.unpack import Inventory, check_zip_member, open_zip
from whyface.tables.files import atomic_path


def take_member(fetched: Fetched, name: str | None, downloads: Path) -> Path:
    """Return the file that a source means: itself, or the member `name` of the zip that it is.

    Raises
    ------
    ValueError
        As `extract_member` does, or the source is a folder.
    """
    if not name:
        return fetched.path
    if not fetched.sha256:
        raise ValueError(f"{fetched.path}: is a folder, and member {name!r} is for a zip; give the file itself as path")
    return extract_member(fetched.path, name, downloads / "members" / fetched.sha256)


def extract_member(archive: Path, name: str, folder: Path) -> Path:
    """Write one file of a zip to a folder, below its path in the zip.

    Parameters
    ----------
    archive : Path
        The zip.
    name : str
        The file's path in the zip, exactly.
    folder : Path
        Folder for this zip alone; made if absent.

    Returns
    -------
    Path
        The file, complete or not there.

    Raises
    ------
    ValueError
        The archive is damaged or no zip, holds no such file or two, or the file must not be written: see `unpack`.
    """
    try:
        with open_zip(archive) as opened:
            member = _find(archive, opened.infolist(), name)
            check_zip_member(member, Inventory(archive, ignores_case=False))
            with opened.open(member) as source, atomic_path(folder / name) as target, target.open("wb") as file:
                shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, UnicodeDecodeError, EOFError, zlib.error, NotImplementedError) as error:
        raise ValueError(f"{archive}: damaged, cut short, or no zip, so {name!r} cannot be read: {error}") from error
    return folder / name


def _find(archive: Path, members: list[zipfile.ZipInfo], name: str) -> zipfile.ZipInfo:
    files = [member for member in members if not member.is_dir()]
    found = [member for member in files if member.orig_filename == name]
    if len(found) != 1:
        said = f"holds {name!r} {len(found)} times" if found else f"holds no {name!r}"
        raise ValueError(f"{archive}: {said}; {_nearest([member.orig_filename for member in files], name)}")
    return found[0]


def _nearest(names: list[str], name: str) -> str:
    same = [one for one in names if posixpath.basename(one) == posixpath.basename(name)]
    near = same or difflib.get_close_matches(name, names, n=3) or names
    more = "" if len(near) <= 3 else f" and {len(near) - 3} more"
    return f"nearest: {', '.join(map(repr, near[:3]))}{more}" if names else "it holds no file"
