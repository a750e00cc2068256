#!/usr/bin/env python3
"""Inserts and searches vectors with inline ioctls, and asks in a binary frame, with nothing but the standard library.

Usage: ioctl-search.py MOUNTPOINT
"""

import array
import fcntl
import json
import os
import shutil
import struct
import sys

DIMENSIONS = 3


def number(command: int, size: int) -> int:
    """The number of an inline ioctl: both directions, the argument's size, type 'V'."""
    return 3 << 30 | size << 16 | ord("V") << 8 | command


def insert(descriptor: int, ids: list[int], vectors: list[list[float]]) -> list[int]:
    flat = array.array("f", [value for vector in vectors for value in vector])
    argument = bytearray(
        struct.pack(f"=IIII{len(ids)}Q", DIMENSIONS, len(ids), 0, 0, *ids) + flat.tobytes())
    fcntl.ioctl(descriptor, number(0x44, len(argument)), argument)
    return list(struct.unpack_from(f"={len(ids)}Q", argument, 16))


def search(descriptor: int, query: list[float], k: int) -> list[tuple[int, float]]:
    argument = bytearray(struct.pack("=IIII", DIMENSIONS, k, 0, 0) + bytes(768) + array.array("f", query).tobytes())
    fcntl.ioctl(descriptor, number(0x43, len(argument)), argument)
    count = struct.unpack_from("=I", argument, 12)[0]
    ids = struct.unpack_from(f"={count}Q", argument, 16)
    distances = struct.unpack_from(f"={count}f", argument, 528)
    return list(zip(ids, distances))


def ask(descriptor: int, operation: int, body: dict) -> dict:
    """A frame of the wire in the argument of one ioctl; the answer comes back in its place."""
    request = json.dumps(body).encode()
    frame = struct.pack("<4sHHIIQQ", b"VXR1", operation, 0, 0, len(request), 0, 1) + request
    argument = bytearray(frame.ljust(2048, b"\0"))
    fcntl.ioctl(descriptor, number(0x40, len(argument)), argument)
    _, _, _, status, length, _, _ = struct.unpack_from("<4sHHIIQQ", argument)
    answer = json.loads(argument[32:32 + length])
    if status:
        raise RuntimeError(answer["error"]["message"])
    return answer


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    collection = os.path.join(sys.argv[1], f"example-ioctl-{os.getpid()}")
    os.mkdir(collection)
    try:
        descriptor = os.open(collection, os.O_RDONLY)
        given = insert(descriptor, [7, 8, 2**64 - 1], [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        assert given[:2] == [7, 8] and given[2] not in (7, 8), given
        assert sorted(os.listdir(collection)) == sorted(f"{number}.json" for number in given)
        found = search(descriptor, [0.1, 0.9, 0], 2)
        assert [id for id, _ in found] == [8, 7] and found[0][1] < found[1][1], found
        assert ask(descriptor, 0x25, {})["count"] == 3
        answer = ask(descriptor, 0x26, {"vector": [0, 0, 1], "k": 1, "include": ["distances"]})
        assert answer == {"ids": [str(given[2])], "distances": [0]}, answer
        os.close(descriptor)
        print(f"inserted {given}, found {found}")
    finally:
        shutil.rmtree(collection)


if __name__ == "__main__":
    main()
