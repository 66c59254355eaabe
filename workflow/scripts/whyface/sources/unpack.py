"""Unpacking of archives that nobody has vouched for: all of an archive's members are checked before one is written."""

import bz2
import contextlib
import gzip
import logging
import lzma
import posixpath
import re
import shutil
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from whyface.tables.logs import progress

MAX_BYTES = 64 << 30
MAX_MEMBERS = 2_000_000
MAX_RATIO = 200
RATIO_FLOOR_BYTES = 16 << 20  # below it a high ratio harms nobody, and small text compresses well
MAX_NAME = 1000
MAX_HEADER_BYTES = 1 << 20

_DECOMPRESSORS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_FORBIDDEN = re.compile(r"[\\\x00-\x1f\x7f\ud800-\udfff]")  # surrogates stand for bytes that are not UTF-8
_DAMAGE = (
    EOFError,
    NotImplementedError,
    OverflowError,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
_LOG = logging.getLogger("whyface")


def unpack(archive: Path, destination: Path, max_bytes: int = MAX_BYTES, max_members: int = MAX_MEMBERS) -> int:
    """Unpack a zip, tar, tar.gz, tar.bz2 or tar.xz, told apart by content, into a folder of its own.

    Files get mode 0644 and folders 0755, whatever the archive says. `destination` appears only once all is unpacked;
    on any failure nothing is left. Of links, a tar's are kept if they point at a regular file of the same archive.

    Parameters
    ----------
    archive : Path
        The archive.
    destination : Path
        Folder to make; it must not exist, or be empty.
    max_bytes : int
        Most bytes that all members together may unpack to.
    max_members : int
        Most members, folders included.

    Returns
    -------
    int
        Number of files, links included.

    Raises
    ------
    ValueError
        The archive is damaged, cut short, empty or of another kind; or it holds a member that would be written
        elsewhere or over another, that is neither file nor folder, or that breaks a limit. Archive and member are
        named.
    """
    archive, destination = Path(archive), Path(destination)
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise ValueError(f"{destination}: already there and not an empty folder; delete it to unpack {archive} anew")
    with archive.open("rb") as file:
        start = file.read(4)
    with _folder_beside(destination) as folder:
        plan = _Plan(archive, folder, max_bytes, max_members)
        try:
            (_unpack_zip if start in _ZIP_STARTS else _unpack_tar)(archive, folder, plan)
        except UnicodeDecodeError as error:
            raise ValueError(f"{archive}: member {error.object!r} has a name that is not valid UTF-8") from error
        except _DAMAGE as error:
            kinds = "zip, tar, tar.gz, tar.bz2 or tar.xz"
            raise ValueError(f"{archive}: damaged, cut short, or no {kinds}: {error}") from error
        except OSError as error:
            if error.errno is not None:  # a full disk, say; gzip and bz2 report damage without a number
                raise
            raise ValueError(f"{archive}: damaged or cut short: {error}") from error
        _set_modes(folder)
    _LOG.info("unpacked %s: %d files in %s", archive, len(plan.files), destination)
    return len(plan.files)


class _Plan:
    """What an archive would write, refused at the first member that must not be written."""

    def __init__(self, archive: Path, folder: Path, max_bytes: int, max_members: int) -> None:
        self.archive, self.max_bytes, self.max_members = archive, max_bytes, max_members
        self.archive_bytes = archive.stat().st_size
        self.ignores_case = folder.with_name(folder.name.swapcase()).exists()
        self.files: dict[str, str] = {}  # path as the file system sees it -> name of the member
        self.folders: set[str] = set()
        self.members = self.bytes = 0

    def refuse(self, name: str, why: str) -> NoReturn:
        raise ValueError(f"{self.archive}: member {name!r} {why}; nothing was unpacked")

    def add(self, name: str, size: int, is_folder: bool) -> None:
        """Check a member's name and size, alone and beside those added before."""
        self._check_name(name)
        self._check_size(name, size)
        path = self.path_of(name)
        if not is_folder and (not path or path in self.files):
            self.refuse(name, f"would overwrite {self.files.get(path, 'the folder itself')!r}")
        if not is_folder:
            self.files[path] = name
            path = posixpath.dirname(path)
        while path and path not in self.folders:
            self.folders.add(path)
            path = posixpath.dirname(path)

    def check_whole(self) -> None:
        """Check what only shows once every member is known."""
        if not self.files:
            raise ValueError(f"{self.archive}: holds no file")
        for path in self.files.keys() & self.folders:
            self.refuse(self.files[path], "is a file, and a folder for other members")
        _LOG.info("unpacking %s: %d files, %.0f MB", self.archive, len(self.files), self.bytes / 1e6)

    def path_of(self, name: str) -> str:
        """Path below the folder, the same for two names that mean the same file."""
        path = posixpath.normpath(name)
        path = "" if path == "." else path
        return unicodedata.normalize("NFC", path).casefold() if self.ignores_case else path

    def _check_name(self, name: str) -> None:
        if found := _FORBIDDEN.search(name):
            self.refuse(
                name, f"has {found[0]!r} in its name: allowed is valid UTF-8 without backslash or control codes"
            )
        if len(name) > MAX_NAME:
            self.refuse(name[:80] + "...", f"has a name of {len(name)} characters; allowed: {MAX_NAME}")
        if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
            self.refuse(name, "would be written outside the folder (absolute path, drive letter or '..')")

    def _check_size(self, name: str, size: int) -> None:
        self.members += 1
        self.bytes += size
        if size < 0:
            self.refuse(name, f"claims a size of {size} bytes")
        if self.members > self.max_members:
            self.refuse(name, f"is one too many: allowed are {self.max_members} members")
        if self.bytes > self.max_bytes:
            self.refuse(name, f"brings the total to {self.bytes} bytes; allowed: {self.max_bytes}")
        if self.bytes > max(RATIO_FLOOR_BYTES, MAX_RATIO * self.archive_bytes):
            self.refuse(name, f"brings the total to over {MAX_RATIO} times the archive's {self.archive_bytes} bytes")


def _unpack_zip(archive: Path, folder: Path, plan: _Plan) -> None:
    # Without a flag, zip names have no known encoding: only UTF-8 is accepted.
    with zipfile.ZipFile(archive, metadata_encoding="utf-8") as opened:
        members = opened.infolist()
        for member in members:
            # zipfile cuts a name at a null byte; the plan must see all of it.
            plan.add(member.orig_filename, member.file_size, member.is_dir())
            if member.flag_bits & 0x1:
                plan.refuse(member.filename, "is encrypted")
            if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                plan.refuse(member.filename, "is a link or a device; allowed in a zip: files and folders")
        plan.check_whole()
        for member in progress(members, len(members), f"members of {archive.name}"):
            opened.extract(member, folder)


def _unpack_tar(archive: Path, folder: Path, plan: _Plan) -> None:
    with _open_plain(archive) as stream, _open_tar(stream) as opened:
        for member in opened:  # one by one: a lying size must be seen before tarfile skips that far
            plan.add(member.name, member.size, member.isdir())
            if not (member.isfile() or member.isdir() or member.issym() or member.islnk()) or member.issparse():
                plan.refuse(member.name, "is a device, a pipe or of an unknown kind; allowed: files, folders, links")
        members = opened.getmembers()
        _check_links(members, plan)
        plan.check_whole()
        _check_end(stream, opened.offset)
        steps = progress(members, len(members), f"members of {archive.name}")
        opened.extractall(folder, members=steps, filter="data")


def _open_tar(stream: IO[bytes]) -> tarfile.TarFile:
    return tarfile.open(fileobj=cast(IO[bytes], _Guarded(stream)), mode="r:", encoding="utf-8")


def _check_links(members: list[tarfile.TarInfo], plan: _Plan) -> None:
    """Refuse links unless they point at a regular file of the archive: then no chain and no folder can lead outside."""
    regular = {plan.path_of(member.name) for member in members if member.isreg()}
    earlier = set()
    for member in members:
        if member.isreg():
            earlier.add(plan.path_of(member.name))
        elif member.issym() or member.islnk():
            start, targets = (posixpath.dirname(member.name), regular) if member.issym() else ("", earlier)
            if plan.path_of(posixpath.join(start, member.linkname)) not in targets:
                plan.refuse(member.name, f"is a link to {member.linkname!r}, which is no file of the archive")


def _check_end(stream: IO[bytes], offset: int) -> None:
    """Tell the end of a tar from a cut or a bad header: tarfile takes both for the end."""
    stream.seek(offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError(f"no end mark and no valid header at byte {offset}")
    stream.read(MAX_HEADER_BYTES)  # to the end of a compressed stream, where its checksum is compared


def _open_plain(archive: Path) -> IO[bytes]:
    """Open a tar for reading without its compression."""
    with archive.open("rb") as file:
        start = file.read(6)
    for magic, decompress in _DECOMPRESSORS.items():
        if start.startswith(magic):
            return decompress(archive, "rb")
    return archive.open("rb")


class _Guarded:
    """A stream for tarfile that does not let a lying header ask for more memory than a header needs."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.seek, self.tell = stream, stream.seek, stream.tell

    def read(self, size: int) -> bytes:
        if not 0 <= size <= MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header claims {size} bytes; allowed: {MAX_HEADER_BYTES}")
        return self.stream.read(size)


@contextlib.contextmanager
def _folder_beside(destination: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of `destination` on success and vanishes on failure."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".unpacking-{destination.name}-", dir=destination.parent))
    try:
        yield folder
        folder.replace(destination)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _set_modes(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
