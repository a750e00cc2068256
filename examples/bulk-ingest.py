#!/usr/bin/env python3
"""Writes many documents that bring their own vectors through one file, and reads the report.

Usage: bulk-ingest.py MOUNTPOINT
"""

import base64
import errno
import json
import os
import random
import shutil
import struct
import sys

COUNT = 2000
DIMENSION = 16


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    collection = os.path.join(sys.argv[1], f"example-bulk-{os.getpid()}")
    os.mkdir(collection)
    try:
        control = os.path.join(collection, ".vexfs")
        generator = random.Random(7)
        vectors = [[generator.gauss(0, 1) for _ in range(DIMENSION)] for _ in range(COUNT)]
        lines = [
            json.dumps({"id": f"d{number}", "text": f"document {number}", "embedding": vector, "even": number % 2 == 0})
            for number, vector in enumerate(vectors)
        ]
        # One bad line does not spoil the others: closing the file says that there was one, the report says which.
        lines.insert(5, '{"id":"broken","embedding":[1,2]}')
        try:
            with open(os.path.join(control, "bulk"), "w", encoding="utf-8") as bulk:
                bulk.write("\n".join(lines) + "\n")
        except OSError as error:
            assert error.errno == errno.EINVAL, error

        with open(os.path.join(control, "bulk"), encoding="utf-8") as file:
            report = file.read()
        print("report:", report.strip()[:300])
        with open(os.path.join(control, "count"), encoding="utf-8") as file:
            count = int(file.read())
        assert count == COUNT, f"{count} documents instead of {COUNT}"

        # A vector as a query: little-endian Float32, base64url without padding. The name after it is only a name.
        packed = struct.pack(f"<{DIMENSION}f", *vectors[123])
        encoded = base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
        with open(f"{collection}/query/k=1/vec={encoded}/nearest.ids", encoding="utf-8") as file:
            assert file.read().strip() == "d123"

        with open(f"{collection}/query/k=5,where=even:true/like=d123/similar.ids", encoding="utf-8") as file:
            similar = file.read().split()
        assert len(similar) == 5 and all(int(name[1:]) % 2 == 0 for name in similar), similar

        with open(os.path.join(control, "export.jsonl"), encoding="utf-8") as file:
            exported = sum(1 for _ in file)
        assert exported == COUNT, f"{exported} lines exported"
        print(f"ok: {COUNT} documents in, found, and out again")
    finally:
        shutil.rmtree(collection)


if __name__ == "__main__":
    main()
