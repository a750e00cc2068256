"""Adapter and mount against chromadb's own server: the same requests, the servers in turn.

usage: Benchmarks/chroma/run [--size N] [--rounds N] [--dimension N] [--seconds S] [--only ours|theirs] [--out FILE]

Each round starts each server on an empty directory, runs the load, stops it. The table has the median of the rounds;
--out gets the figures of every round as JSON Lines. VEXFS_BUILD names the folder with the programs (.build/release).
"""

import argparse
import json
import statistics

from load import Load, vectors
from servers import Ours, Theirs


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--seconds", type=float, default=5, help="of each measured load")
    parser.add_argument("--only", choices=("ours", "theirs"))
    parser.add_argument("--out")
    return parser.parse_args()


def main():
    options = arguments()
    base, queries = vectors(options.size, options.dimension)
    kinds = [kind for name, kind in (("ours", Ours), ("theirs", Theirs)) if options.only in (None, name)]
    found = {kind.name: {} for kind in kinds}
    for turn in range(options.rounds):
        # Alternating, and each first once.
        for kind in kinds if turn % 2 == 0 else reversed(kinds):
            server = kind()
            try:
                figures = Load(server, options, base, queries).run()
            finally:
                server.close()
            for name, value in figures.items():
                found[kind.name].setdefault(name, []).append(value)
            print(f"round {turn + 1}: {kind.name} done", flush=True)
            if options.out:
                with open(options.out, "a", encoding="utf-8") as file:
                    file.write(json.dumps({"round": turn + 1, "server": kind.name} | figures) + "\n")
    names = list(found)
    print("| what |" + "".join(f" {name} |" for name in names) + " times |")
    print("|---|" + "---|" * (len(names) + 1))
    for what in found[names[0]]:
        values = [statistics.median(found[name][what]) for name in names]
        ratio = f"{values[0] / values[1]:.3g}" if len(values) == 2 and values[1] else ""
        print(f"| {what} |" + "".join(f" {value:.4g} |" for value in values) + f" {ratio} |")


if __name__ == "__main__":
    main()
