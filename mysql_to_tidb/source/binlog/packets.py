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
        while place + HEADER_BYTES <= size:
            length = data[place] | data[place + 1] << 8 | data[place + 2] << 16
            end = place + 4 + length
            if length == PAYLOAD_BYTES_MAX:
                payload, end = joined_payload(data, place)
            elif end <= size and data[place + 4] == OK:
                events.append(data[place + 5 : end])
                place = end
                continue
            else:
                payload = data[place + 4 : end]
            if end > size:
                self._needed_bytes = end - place
                break
            if payload[:1] != b"\0":
                self.ending = payload or bytes([END])
                break
            events.append(payload[1:])
            place = end
        else:
            self._needed_bytes = HEADER_BYTES
        self._pieces = [data[place:]]
        self._held_bytes = size - place
        return events


def joined_payload(data: bytes, place: int) -> tuple[bytes, int]:
    """A payload that spans packets, and where it ends; beyond `data` when more must come first."""
    parts: list[bytes] = []
    length = PAYLOAD_BYTES_MAX
    while length == PAYLOAD_BYTES_MAX:
        if place + 4 > len(data):
            return b"", place + 4
        length = int.from_bytes(data[place : place + 3], "little")
        place += 4
        parts.append(data[place : place + length])
        place += length
    return (b"".join(parts), place) if place <= len(data) else (b"", place)
