"""ZIP files read with suspicion: names, kinds and sizes first, then each file only as far as the limits go."""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping

from engine.personas.cards.limits import INFLATED_BYTES, MIB, refused

MOST_FILES, DIRECTORY_BYTES = 500, 256 * 1024
_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 0xFFFF
_PIECE = 64 * 1024
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LEADS_OUT = re.compile(r"\A(?:\Z|/|[A-Za-z]:)|[\\\0]|(?:\A|/)\.\.(?:/|\Z)")
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def files_of(data: bytes) -> dict[str, bytes]:
    """The files of an archive by name. Raises BadInput for what is no plain, small and honest archive."""
    _check_directory(data)
    found: dict[str, bytes] = {}
    left = INFLATED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                _check_entry(entry, found)
                if not entry.is_dir():
                    found[entry.filename] = _inflated(archive, entry, left)
                    left -= len(found[entry.filename])
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OverflowError, struct.error, OSError):
        raise refused("The archive is damaged: a part of the file is missing or wrong.") from None
    return found


def own_files_of(data: bytes) -> dict[str, bytes]:
    """The files of an archive that `archive_of` made."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def archive_of(files: Mapping[str, bytes]) -> bytes:
    """An archive of these files, the same for the same files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
            archive.writestr(entry, data)
    return written.getvalue()


def _check_directory(data: bytes) -> None:
    """Look at the archive's last record by hand: reading a directory of a million names would cost their memory."""
    at = data.rfind(_END, max(0, len(data) - _END_BYTES - _LONGEST_COMMENT))
    if at < 0 or at + _END_BYTES > len(data):
        raise refused("This is not a ZIP archive, or its end is missing.")
    files, directory = struct.unpack_from("<10xHI", data, at)
    if files > MOST_FILES or directory > DIRECTORY_BYTES:
        raise refused(f"The archive has {files:,} files, or very long names; at most {MOST_FILES} files fit.")


def _check_entry(entry: zipfile.ZipInfo, found: Mapping[str, bytes]) -> None:
    name = entry.orig_filename
    if _LEADS_OUT.search(name):
        raise refused(f"The archive has a file named “{name[:60]}”, which leads out of it.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise refused(f"The archive has a link in it, “{name[:60]}”; only plain files fit.")
    if entry.flag_bits & 0x1:
        raise refused("The archive is encrypted.", hint="Save it without a password.")
    if entry.compress_type not in _METHODS:
        raise refused("The archive is compressed in an unusual way.", hint="Save it as a plain ZIP.")
    if name in found:
        raise refused(f"The archive has “{name[:60]}” twice.")


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    """A file, counted while it is read: what its header says of its size may be a lie."""
    written = bytearray()
    with archive.open(entry) as source:
        while piece := source.read(_PIECE):
            written += piece
            if len(written) > left:
                raise refused(f"The archive holds more than {INFLATED_BYTES // MIB} MiB when it is unpacked.")
    return bytes(written)
