"""Unpack archives from strangers: every member is checked before it is written, and a failure leaves nothing."""

import bz2
import errno
import gzip
import io
import logging
import lzma
import posixpath
import re
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from whyface.tables.files import UMASK
from whyface.tables.logs import progress

MAX_BYTES = 64 << 30
MAX_MEMBERS = 500_000
# Beyond so many members, the mean of their sizes must be that of an image: crowds of empty files cost time and inodes.
FEW_MEMBERS, LEAST_MEAN_BYTES = 5_000, 100
MAX_INDEX_BYTES = 100 << 20  # of a zip: its names and sizes, which are held in memory
MAX_RATIO = 200
RATIO_FLOOR_BYTES = 16 << 20  # below it a high ratio harms nobody, and small text compresses well
MAX_NAME = 1000
MAX_HEADER_BYTES = 1 << 20

_DECOMPRESSORS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
# Where zipfile looks for the end of the index: the longest comment, after what describes the index. As many bytes of
# index, of which an entry takes 46 at least, list fewer than `FEW_MEMBERS`.
_SEARCHED_BYTES = 65535 + 22
_ZIP_ENTRY = b"PK\x01\x02"
_FORBIDDEN = re.compile(r"[\\\x00-\x1f\x7f\ud800-\udfff]")  # surrogates stand for bytes that are not UTF-8
_ERRNOS_OF_DAMAGE = (None, errno.EINVAL, errno.ENAMETOOLONG)
_FILE_AND_FOLDER = "is a file, and a folder for other members"
_LOG = logging.getLogger("whyface")


class RefusedError(ValueError):
    """An archive holds something that must not be unpacked."""


def unpack(archive: Path, destination: Path, max_bytes: int = MAX_BYTES, max_members: int = MAX_MEMBERS) -> int:
    """Unpack a zip, tar, tar.gz, tar.bz2 or tar.xz, told apart by content, into a folder of its own.

    Files get mode 0644 and folders 0755, whatever the archive says. `destination` appears only once all is unpacked.
    A tar's links are kept if they point at a regular file of the same archive.

    Parameters
    ----------
    archive : Path
        The archive.
    destination : Path
        Folder to make; it must not exist, or be empty.
    max_bytes : int
        Most bytes that all members together may unpack to.
    max_members : int
        Most members; also most files and folders.

    Returns
    -------
    int
        Number of files, links included.

    Raises
    ------
    ValueError
        The archive is damaged, cut short, empty or of another kind; or it holds a member that would be written
        elsewhere or over another, that is neither file nor folder, or that breaks a limit. The message names
        archive and member.
    """
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise ValueError(f"{destination}: already there and not an empty folder; delete it to unpack {archive} anew")
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".unpacking-{destination.name}-", dir=destination.parent) as temporary:
        folder = Path(temporary) / "files"
        folder.mkdir()
        inventory = Inventory(archive, max_bytes, max_members, ignores_case=_ignores_case(folder))
        _extract(archive, folder, inventory)
        if not inventory.files:
            raise RefusedError(f"{archive}: holds no file")
        _set_modes(folder)
        folder.replace(destination)
    _LOG.info(
        "unpacked %s: %d files, %.0f MB, in %s", archive, len(inventory.files), inventory.bytes / 1e6, destination
    )
    return len(inventory.files)


def _extract(archive: Path, folder: Path, inventory: "Inventory") -> None:
    with archive.open("rb") as file:
        start = file.read(5)
    try:
        if start.startswith(_ZIP_STARTS):
            _extract_zip(archive, folder, inventory)
        else:
            decompress = next((how for magic, how in _DECOMPRESSORS.items() if start.startswith(magic)), open)
            with decompress(archive, "rb") as stream:
                _extract_tar(_TarStream(stream), folder, inventory)
    except RefusedError:
        raise
    except UnicodeDecodeError as error:
        raise ValueError(f"{archive}: member {error.object!r} has a name that is not valid UTF-8") from error
    except Exception as error:  # zipfile, tarfile and the decompressors answer damage with a dozen kinds of error
        if getattr(error, "errno", None) not in _ERRNOS_OF_DAMAGE:  # a full disk, say
            raise
        kinds = "zip, tar, tar.gz, tar.bz2 or tar.xz"
        raise ValueError(f"{archive}: damaged, cut short, or not a {kinds}: {error}") from error


class Inventory:
    """The members of an archive so far; the first that must not be written is refused."""

    def __init__(
        self, archive: Path, max_bytes: int = MAX_BYTES, max_members: int = MAX_MEMBERS, *, ignores_case: bool
    ) -> None:
        self.archive, self.max_bytes, self.max_members = archive, max_bytes, max_members
        self.archive_bytes = archive.stat().st_size
        self.ignores_case = ignores_case
        self.files: dict[str, str] = {}  # path as the file system sees it -> name of the member
        self.folders: set[str] = set()
        self.members = self.bytes = 0

    def refuse(self, name: str, why: str) -> NoReturn:
        """Raise an error that names archive, member and reason."""
        raise RefusedError(f"{self.archive}: member {name!r} {why}; nothing was unpacked")

    def add(self, name: str, size: int, is_folder: bool) -> None:
        """Check a member's name and size, alone and beside those added before."""
        self._check_name(name)
        self._check_size(name, size)
        path = self.path_of(name)
        if not is_folder:
            if not path or path in self.files:
                self.refuse(name, f"would overwrite {self.files.get(path, 'the folder itself')!r}")
            if path in self.folders:
                self.refuse(name, _FILE_AND_FOLDER)
            self.files[path] = name
            path = posixpath.dirname(path)
        while path and path not in self.folders:
            if path in self.files:
                self.refuse(self.files[path], _FILE_AND_FOLDER)
            self.folders.add(path)
            path = posixpath.dirname(path)
        self.members += 1
        if max(self.members, len(self.files) + len(self.folders)) > self.max_members:
            self.refuse(name, f"is one too many; allowed: {self.max_members} members")
        if self.members > FEW_MEMBERS and self.bytes < LEAST_MEAN_BYTES * self.members:
            self.refuse(name, f"is one of over {FEW_MEMBERS} that hold less than {LEAST_MEAN_BYTES} bytes on average")

    def path_of(self, name: str) -> str:
        """Path below the folder, the same for two names that mean the same file."""
        path = posixpath.normpath(name)
        path = "" if path == "." else path
        return unicodedata.normalize("NFC", path).casefold() if self.ignores_case else path

    def _check_name(self, name: str) -> None:
        if found := _FORBIDDEN.search(name):
            self.refuse(name, f"has {found[0]!r} in its name; allowed: valid UTF-8, no backslash, no control codes")
        if len(name) > MAX_NAME:
            self.refuse(name[:80] + "...", f"has a name of {len(name)} characters; allowed: {MAX_NAME}")
        if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
            self.refuse(name, "would be written outside the folder (absolute path, drive letter or '..')")

    def _check_size(self, name: str, size: int) -> None:
        self.bytes += size
        if size < 0:
            self.refuse(name, f"claims a size of {size} bytes")
        if self.bytes > self.max_bytes:
            self.refuse(name, f"brings the total to {self.bytes} bytes; allowed: {self.max_bytes}")
        if self.bytes > max(RATIO_FLOOR_BYTES, MAX_RATIO * self.archive_bytes):
            self.refuse(name, f"brings the total to over {MAX_RATIO} times the archive's {self.archive_bytes} bytes")


def _extract_zip(archive: Path, folder: Path, inventory: Inventory) -> None:
    with open_zip(archive) as opened:
        members = opened.infolist()
        for member in members:
            check_zip_member(member, inventory)
        for member in progress(members, len(members), f"members of {archive.name}"):
            opened.extract(member, folder)


@contextmanager
def open_zip(archive: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose index is not too large to be held; the RefusedError names the archive."""
    # Without a flag, zip names have no known encoding: only UTF-8 is accepted.
    with _ZipFile(archive) as file, zipfile.ZipFile(file, metadata_encoding="utf-8") as opened:
        file.is_open = True
        yield opened


class _ZipFile(io.FileIO):
    """A file for zipfile, whose index is looked at before zipfile makes an object of each entry."""

    def __init__(self, archive: Path) -> None:
        super().__init__(archive)
        self.archive, self.is_open = archive, False
        # An entry in the index and the one before the member take 76 bytes at least.
        self.max_members = min(MAX_MEMBERS, FEW_MEMBERS + archive.stat().st_size // (LEAST_MEAN_BYTES + 76))

    def read(self, size: int | None = -1) -> bytes:
        if self.is_open or size is None or size < 0:
            return super().read(size)
        if size > MAX_INDEX_BYTES:
            raise RefusedError(f"{self.archive}: has an index of {size} bytes; allowed: {MAX_INDEX_BYTES}")
        index = super().read(size)
        if size <= _SEARCHED_BYTES:  # as an index, too short to list so many; as the end of a file, no index
            return index
        if (members := index.count(_ZIP_ENTRY)) > self.max_members:
            raise RefusedError(f"{self.archive}: lists {members} members; allowed in its size: {self.max_members}")
        return index


def check_zip_member(member: zipfile.ZipInfo, inventory: Inventory) -> None:
    """Refuse a member of a zip that must not be written."""
    # zipfile cuts a name at a null byte; all of it must be checked.
    inventory.add(member.orig_filename, member.file_size, member.is_dir())
    if member.flag_bits & 0x1:
        inventory.refuse(member.filename, "is encrypted")
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        inventory.refuse(member.filename, "is a link or a device; allowed in a zip: files and folders")


def _extract_tar(stream: "_TarStream", folder: Path, inventory: Inventory) -> None:
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r:", encoding="utf-8") as opened:
        members = _checked_members(opened, stream, inventory)
        steps = progress(members, None, f"members of {inventory.archive.name}")
        opened.extractall(folder, members=steps, filter="data")


def _checked_members(opened: tarfile.TarFile, stream: "_TarStream", inventory: Inventory) -> Iterator[tarfile.TarInfo]:
    """Yield each member once it is checked; links last, so that nothing is written through one."""
    for member in opened:  # tarfile reads on only when asked: a lying size is seen before it skips that far
        inventory.add(member.name, member.size, member.isdir())
        is_link = member.issym() or member.islnk()
        if not (member.isfile() or member.isdir() or is_link) or member.issparse():
            inventory.refuse(member.name, "is a device, a pipe or of an unknown kind; allowed: files, folders, links")
        if not is_link:
            stream.allowed = member.size
            yield member
        stream.allowed = MAX_HEADER_BYTES
    stream.check_end(opened.offset)
    stream.allowed = inventory.max_bytes - inventory.bytes  # a file system without hard links gets copies
    yield from _checked_links(opened.getmembers(), inventory)


def _checked_links(members: list[tarfile.TarInfo], inventory: Inventory) -> Iterator[tarfile.TarInfo]:
    """Yield links; each must point at a regular file, a hard link at an earlier one: then no chain leads outside."""
    regular = {inventory.path_of(member.name): member.offset for member in members if member.isfile()}
    for link in members:
        if link.issym() or link.islnk():
            start = posixpath.dirname(link.name) if link.issym() else ""
            target = regular.get(inventory.path_of(posixpath.join(start, link.linkname)))
            if target is None or (link.islnk() and target > link.offset):
                inventory.refuse(link.name, f"is a link to {link.linkname!r}, which is not a file of the archive")
            yield link


class _TarStream:
    """A stream for tarfile, in which a lying header can make it neither read nor skip more than it may."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.tell = stream, stream.tell
        self.allowed = MAX_HEADER_BYTES
        self.last = b""

    def read(self, size: int) -> bytes:
        self._spend(size)
        self.last = self.stream.read(size)
        return self.last

    def seek(self, offset: int) -> int:
        self._spend(max(0, offset - self.tell()))
        return self.stream.seek(offset)

    def check_end(self, offset: int) -> None:
        """Tell the end of a tar from a cut or a bad header: tarfile takes both for the end."""
        if self.last != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError(f"no end mark and no valid header at byte {offset}")
        self.stream.read(MAX_HEADER_BYTES)  # to the end of a compressed stream, where its checksum is compared

    def _spend(self, size: int) -> None:
        if not 0 <= size <= self.allowed:
            raise tarfile.ReadError(f"a header claims {size} bytes; allowed: {self.allowed}")
        self.allowed -= size


def _ignores_case(folder: Path) -> bool:
    return folder.with_name(folder.name.swapcase()).exists()


def _set_modes(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod((0o755 if path.is_dir() else 0o644) & ~UMASK)
