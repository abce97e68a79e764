"""The tar inside a file container: written for one file, read in the profile of ENVELOPE section 8."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from errors import FormatError, malformed

BLOCK = 512
MAXIMUM_SIZE = 8_589_934_591  # TAR-03
_MAXIMUM_EXTENSION = 65_536  # TAR-20
_MAXIMUM_NAME = 4_096
_WITHOUT_CONTENT = (b"1", b"2", b"3", b"4", b"5", b"6")  # links, devices, directory, pipe
_RESERVED_NAME = re.compile(r"(?:CON|PRN|AUX|NUL|COM[1-9]|LPT[1-9]) *(?:\..*)?", re.IGNORECASE | re.DOTALL)
_UNSAFE_CHARACTERS = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')


@dataclass(frozen=True)
class Entry:
    """The header of an entry: its raw name, whether it is a regular file, the size of its content."""

    name: bytes
    regular: bool
    size: int


@dataclass(frozen=True)
class ArchivedFile:
    """TAR-21: a file with both its names; no path is ever made from the raw one."""

    raw_name: str
    safe_name: str
    content: bytes


@dataclass
class Selection:
    """The files that were asked for, and the raw names of other objects that `list` passes over."""

    files: list[ArchivedFile] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


# --- writing ---------------------------------------------------------------------------------


def write_archive(name: str, announced: int, content: bytes) -> bytes:
    """TAR-01 to TAR-03: the same bytes for the same input."""
    if not 1 <= len(name.encode("utf-16-le")) // 2 <= 256 or "\0" in name:  # TAR-03
        raise FormatError("bad-value", "the name of the file")
    if announced > MAXIMUM_SIZE:
        raise FormatError("too-large")
    if announced != len(content):
        raise FormatError("wrong-length")
    header_name, archive = name.encode("utf-8"), b""
    if not name.isascii() or len(header_name) > 100:  # TAR-02
        record = _pax_record(header_name)
        archive = _header(b"PaxHeader", b"x", len(record)) + _padded(record)
        header_name = b"PaxHeader"
    return archive + _header(header_name, b"0", len(content)) + _padded(content) + bytes(2 * BLOCK)


def _pax_record(name: bytes) -> bytes:
    """TAR-02: `<len> path=<name>` and LF; the length counts itself."""
    rest = b" path=" + name + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode("ascii") + rest


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def _header(name: bytes, entry_type: bytes, size: int) -> bytes:
    """The header of TAR-01."""
    before = name.ljust(100, b"\0") + b"0000600\0" + 2 * b"0000000\0" + b"%011o\0" % size + b"00000000000\0"
    after = entry_type + bytes(100) + b"ustar\x0000" + bytes(64) + 2 * b"0000000\0" + bytes(155 + 12)
    checksum = sum(before) + 8 * ord(" ") + sum(after)
    return before + b"%06o\0 " % checksum + after


# --- reading ---------------------------------------------------------------------------------


def read_archive(archive: bytes, entries: str) -> Selection:
    """TAR-10 to TAR-19; `entries` is `one`, `first` or `list`."""
    reader = _Reader(archive)
    selection = Selection()
    while (entry := reader.next_header()) is not None:
        if not entry.regular and entries == "one":  # TAR-16
            raise FormatError("not-a-file")
        if selection.files and entries == "one":  # TAR-15
            raise FormatError("several-entries")
        content = reader.body(entry)
        if entries == "first":  # whatever it is, and nothing behind it is looked at
            return Selection([_archived(entry, content if entry.regular else b"")])
        if entry.regular:
            selection.files.append(_archived(entry, content))
        else:
            selection.skipped.append(_text(entry.name))
    reader.require_nothing_behind_trailer()  # TAR-17
    if not selection.files:  # TAR-16, TAR-19
        raise FormatError("not-a-file" if selection.skipped else "empty-archive")
    return selection


def _archived(entry: Entry, content: bytes) -> ArchivedFile:
    raw_name = _text(entry.name)
    return ArchivedFile(raw_name, safe_name(raw_name), content)


class _Reader:
    """Walks through the entries of an archive."""

    def __init__(self, archive: bytes) -> None:
        self._archive = archive
        self._position = 0

    def next_header(self) -> Entry | None:
        """The next file or other object, with what extended headers say about it."""
        path: bytes | None = None
        pax_size: int | None = None
        extended = False
        while (header := self._next_block()) is not None:
            entry_type = header[156:157]
            size = _number(header[124:136])
            if entry_type == b"x":  # TAR-10
                records = _pax_records(self._extension(size))
                path = records.get(b"path") or path
                if records.get(b"size"):  # TAR-20
                    pax_size = _decimal(records[b"size"])
                extended = True
            elif entry_type == b"L":
                path = self._extension(size).split(b"\0", 1)[0] or path
                extended = True
            elif entry_type in (b"g", b"K"):  # TAR-12
                self._extension(size)
            else:
                name = _header_name(header) if path is None else path
                if len(name) > _MAXIMUM_NAME:  # TAR-20
                    raise FormatError("too-large", "a name")
                if pax_size is not None:
                    size = pax_size
                if entry_type in _WITHOUT_CONTENT:
                    size = 0
                v7_directory = entry_type == b"\0" and size == 0 and name.endswith(b"/")  # TAR-16
                return Entry(name, entry_type in (b"0", b"\0") and not v7_directory, size)
        if extended:  # TAR-18
            raise malformed("an extended header without a file")
        return None

    def _next_block(self) -> bytes | None:
        """The next header, or None at the end or at a block of zeros (TAR-13)."""
        header = self._archive[self._position : self._position + BLOCK]
        if not any(header):
            return None
        if len(header) < BLOCK:
            raise malformed("a cut header")
        self._position += BLOCK
        given = _number(header[148:156])
        if given != sum(header[:148]) + 8 * ord(" ") + sum(header[156:]):  # TAR-03, TAR-18
            raise malformed("a wrong checksum")
        return header

    def _extension(self, size: int) -> bytes:
        if size > _MAXIMUM_EXTENSION:  # TAR-20
            raise FormatError("too-large", "an extended header")
        return self._take(size)

    def body(self, entry: Entry) -> bytes:
        """The content of the entry whose header was read last."""
        return self._take(entry.size)

    def _take(self, size: int) -> bytes:
        content = self._archive[self._position : self._position + size]
        if len(content) != size:  # TAR-18
            raise malformed("a cut body")
        self._position += size + -size % BLOCK  # TAR-13: the last padding may be missing
        return content

    def require_nothing_behind_trailer(self) -> None:
        """TAR-17: only zeros may follow."""
        if any(self._archive[self._position :]):
            raise malformed("data after the trailer")


def _number(field_of_header: bytes) -> int:
    """Octal digits with spaces around, ended by NUL or space; or binary, as GNU writes large numbers."""
    if field_of_header[0] & 0x80:
        return int.from_bytes(field_of_header, "big") & ~(0x80 << 8 * (len(field_of_header) - 1))
    digits = field_of_header.split(b"\0", 1)[0].strip(b" ")
    if not re.fullmatch(rb"[0-7]*", digits):
        raise malformed("a number that is not octal")
    return int(digits or b"0", 8)


def _decimal(text: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,20}", text):
        raise malformed("a size that is not decimal")
    return int(text)


def _header_name(header: bytes) -> bytes:
    """The name of the header, joined to the prefix where there is one (TAR-10, TAR-11)."""
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _pax_records(body: bytes) -> dict[bytes, bytes]:
    """`<len> <key>=<value>` and LF, again and again."""
    records: dict[bytes, bytes] = {}
    while body:
        length_text, space, _ = body.partition(b" ")
        if not space or not re.fullmatch(rb"[0-9]{1,9}", length_text):
            raise malformed("a PAX record without a length")
        length = int(length_text)
        record = body[len(length_text) + 1 : length]
        key, equals, value = record.partition(b"=")
        if length > len(body) or not record.endswith(b"\n") or not equals:
            raise malformed("a PAX record of a wrong shape")
        records[key] = value[:-1]
        body = body[length:]
    return records


# --- names -----------------------------------------------------------------------------------


def _text(name: bytes) -> str:
    """TAR-22: NUL and invalid UTF-8 are malformed."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("a name that is not UTF-8") from None
    if "\0" in text:
        raise malformed("a name with NUL")
    return text


def safe_name(raw: str) -> str:
    """TAR-22: a name that may be given to a file system."""
    name = re.split(r"[/\\]", raw.rstrip("/\\"))[-1]
    name = _cut(_UNSAFE_CHARACTERS.sub("_", name))
    if _RESERVED_NAME.fullmatch(name):
        name = _cut("_" + name)
    return name if name not in ("", ".", "..") else "unnamed"


def _cut(name: str) -> str:
    return name.rstrip(". ").encode("utf-8")[:255].decode("utf-8", "ignore").rstrip(". ")
