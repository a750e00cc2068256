"""Times the embedded model against ONNX Runtime f32: same texts, same threads, alternating in one process.

    Benchmarks/embedding/run [--threads N] [--seconds S] [--json FILE]
"""

import argparse
import concurrent.futures
import json
import os
import platform
import statistics
import sys
import time

import numpy
import onnxruntime

import native
import onnx_model

SHAPES = [(16, 1), (16, 32), (64, 1), (64, 32), (256, 1), (256, 32)]
SEED = 20260101


def texts(tokens, count):
    """Random texts of exactly `tokens` tokens, as ids."""
    random = numpy.random.default_rng([SEED, tokens, count])
    return [[101, *random.integers(1000, 30000, tokens - 2).tolist(), 102] for _ in range(count)]


def our_run(engine, batches, pool, workspaces):
    """A function that embeds all batches, each thread taking whole micro-batches."""
    threads = len(workspaces)

    def part(thread):
        for batch in batches[thread::threads]:
            engine.embed(batch, workspaces[thread])

    if threads == 1 or len(batches) == 1:
        return lambda: [engine.embed(batch, workspaces[0]) for batch in batches]
    return lambda: list(pool.map(part, range(threads)))


def measure(runs, seconds, clock):
    """Alternates the functions until the time is up; returns their sorted durations in milliseconds."""
    for run in runs.values():
        run()
    durations = {name: [] for name in runs}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(durations.values()))) < 3:
        for name, run in runs.items():
            start = clock()
            run()
            durations[name].append((clock() - start) * 1000)
    return {name: sorted(values) for name, values in durations.items()}


def cpu_name():
    """The CPU's name as the kernel has it."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4, help="for each shape")
    parser.add_argument("--json", help="write the figures to this file")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    tensors = native.read_tensors(native.model_directory() / "model.safetensors")
    library = native.build_library()
    engines = {name: native.Engine(library, tensors, name) for name in native.PRECISIONS}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_model.build(tensors), options, providers=["CPUExecutionProvider"])
    pool = concurrent.futures.ThreadPoolExecutor(arguments.threads)
    workspaces = [engines["f32"].workspace() for _ in range(arguments.threads)]
    # On one thread all three work in the calling thread: its CPU time leaves out what other programs take.
    clock = time.thread_time if arguments.threads == 1 else time.perf_counter
    clock_name = "CPU" if arguments.threads == 1 else "wall"
    variant = library.vexfs_minilm_variant_name(engines["f32"].variant).decode()
    print(f"{cpu_name()} · {variant} · onnxruntime {onnxruntime.__version__} · {arguments.threads} thread(s)",
          f"· seed {SEED}")
    print(f"load {os.getloadavg()[0]:.1f} · milliseconds of {clock_name} time, minimum (median);",
          "x = how many times faster than onnxruntime f32, by the minimum")
    print(f"{'tokens x texts':>15} {'onnxruntime f32':>19} {'f32':>19} {'x':>5} {'bf16':>19} {'x':>5}",
          f"{'cosine f32, bf16':>22}")
    rows, load = [], os.getloadavg()[0]
    for tokens, count in SHAPES:
        ids = texts(tokens, count)
        feed = {"input_ids": numpy.array(ids, numpy.int64)}
        batches = {name: native.micro_batches(ids) for name in engines}
        runs = {"onnxruntime": lambda feed=feed: session.run(None, feed)}
        for name, engine in engines.items():
            runs[name] = our_run(engine, batches[name], pool, workspaces)
        durations = measure(runs, arguments.seconds, clock)
        expected = session.run(None, feed)[0]
        row = {"tokens": tokens, "texts": count}
        for name, values in durations.items():
            row[name] = {"minimum": values[0], "median": statistics.median(values), "runs": len(values)}
        for name in engines:
            ours = numpy.concatenate([batch[2] for batch in batches[name]])
            row[name]["ratio"] = row["onnxruntime"]["minimum"] / row[name]["minimum"]
            row[name]["medianRatio"] = row["onnxruntime"]["median"] / row[name]["median"]
            row[name]["minimumCosine"] = float((ours * expected).sum(1).min())
        rows.append(row)
        cells = [f"{row[name]['minimum']:10.2f} ({row[name]['median']:6.1f})" for name in durations]
        print(f"{tokens:>9} x {count:<3} {cells[0]:>19} {cells[1]:>19} {row['f32']['ratio']:5.2f} {cells[2]:>19} "
              f"{row['bf16']['ratio']:5.2f} {row['f32']['minimumCosine']:12.7f} {row['bf16']['minimumCosine']:9.6f}")
        sys.stdout.flush()
    if arguments.json:
        report = {"cpu": cpu_name(), "variant": variant, "threads": arguments.threads,
                  "clock": clock_name, "load": [round(load, 1), round(os.getloadavg()[0], 1)],
                  "onnxruntime": onnxruntime.__version__, "seed": SEED, "rows": rows}
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
