"""Compares `vexfs-fuse bench ann` with other libraries: the same vectors, one run, round by round in turn.

Every program runs in a process of its own and answers one query a call, in a loop, on one thread and on two; only one
of them works at a time. Settings are the cheapest that reach recall@10 of 0.95 and 0.99. The best of all rounds counts.
The other libraries are called from Python, which costs each call 1-3 microseconds; their figures for one call with all
queries are given too ("batch"), although nobody has all queries at once in a file system.

Data sets are pairs of files NAME_base*.npy and NAME_queries*.npy in --directory: `synthetic` is made there when it is
missing, generate-embeddings makes `large`. Below --directory/cache lie built indexes and settings, so that a second
run need not build them again; figures of a build are from the run that built. --rebuild and --tune do it afresh.
Writes Benchmarks/results/ann-NAME.json, .md and .png.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import datasets
import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BINARY = os.environ.get("VEXFS_BINARY", str(ROOT / ".build/release/vexfs-fuse"))
PEERS = ["hnswlib", "faiss-hnswsq8", "faiss-pq4fs", "usearch-bf16", "scann"]
KINDS, SHARES = ("random", "correlated", "anticorrelated"), (0.5, 0.1, 0.01, 0.001)


def say(message):
    print(f"{time.strftime('%H:%M:%S')} {message}", file=sys.stderr, flush=True)


class Failed(Exception):
    """A program ended instead of answering."""


class Program:
    """A process that answers a line of JSON to a line."""

    def __init__(self, name, command):
        self.name, self.log = name, []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        # Standard error is read only in the end; a pipe that runs full would stop the program.
        os.set_blocking(self.process.stderr.fileno(), False)
        self.points = {}
        self.ready = self.read()

    def read(self):
        while True:
            line = self.process.stdout.readline()
            self.drain()
            if not line:
                code = self.process.wait()
                raise Failed(self.log[-1] if self.log else f"ended with {code}")
            answer = json.loads(line)
            if "error" in answer:
                raise Failed(answer["error"])
            return answer

    def drain(self):
        try:
            text = self.process.stderr.read()
        except (BlockingIOError, TypeError):
            return
        self.log += [line for line in (text or "").splitlines() if line.strip()]

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait()


def start_ours(data, options):
    command = [BINARY, "bench", "ann", "--base", str(data.base_path), "--queries", str(data.queries_path),
               "--recall", options.recall, "--index", options.index, "--mode", options.mode,
               "--directory", str(options.directory), "--serve"]
    return start("vexfs", command)


def start_peer(name, data_name, options, rows=None):
    command = [sys.executable, str(HERE / "worker.py"), "--peer", name, "--directory", str(options.directory),
               "--data", data_name, "--recall", options.recall]
    command += ["--rows", str(rows)] if rows else []
    command += ["--rebuild"] if name in options.rebuild or "all" in options.rebuild else []
    return start(name, command + (["--tune"] if options.tune else []))


def start(name, command):
    """The program when it is ready, or why it isn't."""
    say(f"{name}: starting")
    try:
        program = Program(name, command)
    except (Failed, OSError) as error:
        say(f"{name}: not run: {error}")
        return str(error)
    settings = [f"{point['recall']:.4f} at {point.get('setting') or {'ef': point['ef']}}"
                for point in program.ready["points"]]
    say(f"{name}: {program.ready['build_vectors_per_second']:,} vectors/s built; recall {', '.join(settings)}")
    return program


def measure(programs, targets, rounds, with_batches):
    """Rounds in turn; the order moves on by one program each time, so that nobody always follows the same one."""
    figures = {program.name: {target: {} for target in targets} for program in programs}

    def add(program, target, key, answer):
        entry = figures[program.name][target]
        if answer.get("qps"):
            entry.setdefault(key, []).append(answer["qps"])
        for part in ("p50_us", "p99_us"):
            if part in answer and key == "qps_1":
                entry.setdefault(part, []).append(answer[part])

    for number in range(rounds):
        order = programs[number % len(programs):] + programs[:number % len(programs)]
        for target in targets:
            for threads in (1, 2):
                for program in order:
                    add(program, target, f"qps_{threads}", program.ask("round", target, threads))
                for program in order if with_batches else []:
                    if program.name != "vexfs":
                        add(program, target, f"batch_{threads}", program.ask("batch", target, threads))
        say(f"round {number + 1} of {rounds}")
    return figures


def our_curve(program):
    """Recall and queries a second of ours, from fast to thorough."""
    result = []
    for ef in (10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 1024):
        rounds = [program.ask("round", f"ef={ef}", 1) for _ in range(2)]
        result.append({"ef": ef, "recall": rounds[0]["recall"], "qps_1": max(round["qps"] for round in rounds)})
        if rounds[0]["recall"] >= 0.999:
            break
    return result


def compare(name, options):
    """The comparison without filters on one data set."""
    rows = 50_000 if options.quick else None
    data = datasets.DataSet(options.directory, name, rows)
    say(f"{data.name}: {data.base.shape[0]:,} x {data.base.shape[1]}, {len(data.queries)} queries")
    data.truth()
    started = [("vexfs", start_ours(data, options))]
    started += [(peer, start_peer(peer, name, options, rows)) for peer in options.peers]
    programs = [program for _, program in started if isinstance(program, Program)]
    targets = [float(part) for part in options.recall.split(",")]
    figures = measure(programs, targets, options.rounds, True)
    # Written before the curves too: they are the longest part, and the least.
    found = report.result(data, started, figures, options, targets)
    report.write(found, options.results)
    for program, system in zip(programs, (entry for entry in found["systems"] if "not_run" not in entry)):
        if options.curves:
            say(f"{program.name}: curve")
            system["curve"] = our_curve(program) if program.name == "vexfs" else program.ask("curve")["curve"]
        program.close()
    report.write(found, options.results)
    print(report.table(found))


def compare_filters(name, options):
    """Filtered searches at a recall of 0.95: ours, and Qdrant's engine on up to 100,000 rows."""
    with_peer = "qdrant-edge" in options.filter_peers
    rows = (5_000 if options.quick else 100_000) if with_peer else None
    data = datasets.DataSet(options.directory, name, rows)
    say(f"filters on {data.name}: {data.base.shape[0]:,} x {data.base.shape[1]}, {len(data.queries)} queries")
    options.recall = "0.95"
    started = [("vexfs", start_ours(data, options))]
    if with_peer:
        started.append(("qdrant-edge", start_peer("qdrant-edge", name, options, rows)))
    programs = [program for _, program in started if isinstance(program, Program)]
    entries = []
    for kind, share in [("none", None)] + [(kind, share) for kind in KINDS for share in SHARES]:
        answers = {}
        for program in programs:
            answer = program.ask("filter", kind, *([share] if share else []))
            answers[program.name] = {"points": answer["points"], "plan": answer.get("plan")}
        figures = measure(programs, [0.95], options.rounds, False)
        say(f"{kind} {share or ''}: " + ", ".join(
            f"{program} {max(entry[0.95]['qps_1']):.0f} at {answers[program]['points'][0]['recall']:.3f}"
            for program, entry in figures.items()))
        entries.append({"kind": kind, "share": share, "answers": answers, "figures": figures})
    for program in programs:
        program.close()
    return report.filter_result(data, started, entries, options)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: [part for part in text.split(",") if part]  # noqa: E731
    parser.add_argument("--directory", type=pathlib.Path, default=ROOT / ".build/ann", help="data sets and cache")
    parser.add_argument("--data", type=names, help="data sets: synthetic, large, … (all that are there)")
    parser.add_argument("--peers", type=names, default=PEERS, help=f"{','.join(PEERS)} (all), and others of peers.py")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--recall", default="0.95,0.99")
    parser.add_argument("--index", default="default", help="our kind of index")
    parser.add_argument("--mode", default="fast", help="our memory mode")
    parser.add_argument("--rebuild", type=names, default=[], help="build these libraries' indexes again; all")
    parser.add_argument("--tune", action="store_true", help="look for the libraries' settings again")
    parser.add_argument("--filter-data", type=names, default=[], help="data sets for filtered searches")
    parser.add_argument("--filter-peers", type=names, default=["qdrant-edge"], help="qdrant-edge, or nothing")
    parser.add_argument("--no-curves", dest="curves", action="store_false", help="leave out the plot")
    parser.add_argument("--quick", action="store_true", help="2 rounds on 50 000 rows: does it work at all?")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "Benchmarks/results")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    options.directory = options.directory.resolve()
    options.results.mkdir(parents=True, exist_ok=True)
    if options.data is None and not options.filter_data:
        there = {path.name.split("_base")[0] for path in options.directory.glob("*_base*.npy")}
        options.data = sorted(there & {"large", "real384"}) + ["synthetic"]
    if options.quick:
        options.rounds = 2
    return options


def main():
    options = arguments()
    for name in options.data or []:
        compare(name, options)
    for name in options.filter_data:
        report.write_filters(compare_filters(name, options), options.results)


if __name__ == "__main__":
    main()
