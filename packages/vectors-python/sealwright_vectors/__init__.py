"""The vectors of Sealwright. `vectors/README.md` in the directory says what they are; the version is that of the set."""

import base64
import hashlib
import json
import pathlib

__all__ = ["DIRECTORY", "VERSION", "content", "files", "load"]

#: The directory of the vectors.
DIRECTORY = pathlib.Path(__file__).resolve().parent / "vectors"

#: The semantic version of the set.
VERSION = (DIRECTORY / "VERSION").read_text(encoding="utf-8").strip()

_NOT_VECTORS = {"egress", "peer", "peers", "schemas", "shims"}


def files():
    """The names of all vector files, such as `envelope/open.json`, sorted."""
    found = (path.relative_to(DIRECTORY) for path in DIRECTORY.glob("*/*.json"))
    return sorted(path.as_posix() for path in found if path.parts[0] not in _NOT_VECTORS)


def load(name):
    """A vector file. Its count is compared, so that a cut file does not pass."""
    vectors = json.loads((DIRECTORY / name).read_text(encoding="utf-8"))
    if vectors["count"] != len(vectors["tests"]):
        raise ValueError(f"{name}: the count is wrong")
    return vectors


def content(binary):
    """The bytes of an object of `len`, `sha256`, and `base64` or `file`, compared with length and hash."""
    if binary["base64"] is None and binary["file"] is None:
        raise ValueError("only length and hash are given")
    given = (DIRECTORY / binary["file"]).read_bytes() if binary["base64"] is None else base64.b64decode(binary["base64"])
    if (len(given), hashlib.sha256(given).hexdigest()) != (binary["len"], binary["sha256"]):
        raise ValueError("the bytes are not those of the vector")
    return given
