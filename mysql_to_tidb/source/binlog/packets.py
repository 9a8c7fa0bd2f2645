"""Cuts what comes off the socket into binlog events, however it was split on the way.

A packet: 3 bytes of length, 1 of sequence number, then a payload that starts with a status byte
(MySQL manual, Binlog Network Stream). A payload of 16 MiB - 1 and more goes on in the next packet.
"""

PAYLOAD_BYTES_MAX = 0xFFFFFF
HEADER_BYTES = 5
"""Length, sequence number and the status byte: no payload is shorter."""
OK, ERROR, END = 0x00, 0xFF, 0xFE


class PacketSplitter:
    """Holds back what is not complete yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._held_bytes = 0
        self._needed_bytes = HEADER_BYTES
        self._parts: list[bytes] = []
        """What has come of a payload that spans packets: joined once, however many they are."""
        self.ending = b""
        """The payload of the packet that ended the stream: an error, or the end of the log."""

    def split(self, data: bytes) -> list[bytes]:
        """The events that are complete now, each as in the binlog file, its checksum included."""
        self._pieces.append(data)
        self._held_bytes += len(data)
        if self._held_bytes < self._needed_bytes:
            return []
        if len(self._pieces) > 1:
            data = b"".join(self._pieces)
        events: list[bytes] = []
        place, size = 0, len(data)
        while place + self._head_bytes <= size:
            length = data[place] | data[place + 1] << 8 | data[place + 2] << 16
            end = place + 4 + length
            if end > size:
                break
            if length == PAYLOAD_BYTES_MAX or self._parts:
                self._add_part(data[place + 4 : end], events, last=length < PAYLOAD_BYTES_MAX)
            elif data[place + 4] == OK:
                events.append(data[place + 5 : end])
            else:
                self.ending = data[place + 4 : end] or bytes([END])
            if self.ending:
                break
            place = end
        else:
            end = place + self._head_bytes
        self._needed_bytes = end - place
        self._pieces = [data[place:]]
        self._held_bytes = size - place
        return events

    @property
    def _head_bytes(self) -> int:
        """The last packet of a payload may be empty."""
        return HEADER_BYTES - 1 if self._parts else HEADER_BYTES

    def _add_part(self, part: bytes, events: list[bytes], *, last: bool) -> None:
        if not self._parts and part[0] != OK:
            self.ending = part
            return
        self._parts.append(part if self._parts else part[1:])
        if last:
            events.append(b"".join(self._parts))
            self._parts = []
