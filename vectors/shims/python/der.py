"""As much of DER as RSA keys need, read strictly: one form for each value, nothing left over."""

from __future__ import annotations

from errors import FormatError

INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT_IDENTIFIER, SEQUENCE, ATTRIBUTES = (
    0x02, 0x03, 0x04, 0x05, 0x06, 0x30, 0xA0,
)  # fmt: skip
RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")


def key_malformed(reason: str) -> FormatError:
    """KEY-05."""
    return FormatError("key-malformed", reason)


class Reader:
    """Reads values one after the other out of one byte string."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self._position == len(self._data)

    def next_is(self, tag: int) -> bool:
        """Whether a value of this tag follows."""
        return not self.at_end and self._data[self._position] == tag

    def take(self, tag: int) -> bytes:
        """The content of the next value, which must have this tag."""
        if not self.next_is(tag):
            raise key_malformed(f"no value of tag {tag:02x}")
        self._position += 1
        return self._take(self._length())

    def sequence(self) -> Reader:
        """A reader of the sequence that follows."""
        return Reader(self.take(SEQUENCE))

    def integer(self) -> int:
        """A number that is not negative, in its shortest form."""
        content = self.take(INTEGER)
        if not content or content[0] & 0x80 or (len(content) > 1 and content[0] == 0 and not content[1] & 0x80):
            raise key_malformed("an integer of a wrong form")
        return int.from_bytes(content, "big")

    def bit_string(self) -> bytes:
        """A bit string of whole bytes."""
        content = self.take(BIT_STRING)
        if not content or content[0] != 0:
            raise key_malformed("a bit string of broken bytes")
        return content[1:]

    def end(self) -> None:
        """KEY-06, KEY-07: nothing may follow."""
        if not self.at_end:
            raise key_malformed("bytes that do not belong there")

    def _take(self, length: int) -> bytes:
        taken = self._data[self._position : self._position + length]
        if len(taken) != length:
            raise key_malformed("cut")
        self._position += length
        return taken

    def _length(self) -> int:
        first = self._take(1)[0]
        if first < 0x80:
            return first
        octets = self._take(first & 0x7F)
        length = int.from_bytes(octets, "big")
        if not octets or octets[0] == 0 or length < 0x80:
            raise key_malformed("a length that is not in its shortest form")
        return length


def read_rsa_algorithm(reader: Reader) -> None:
    """KEY-05: rsaEncryption with NULL, nothing else."""
    algorithm = reader.sequence()
    if algorithm.take(OBJECT_IDENTIFIER) != RSA_ENCRYPTION:
        raise key_malformed("not rsaEncryption")
    if algorithm.take(NULL) != b"":
        raise key_malformed("parameters that are not NULL")
    algorithm.end()
