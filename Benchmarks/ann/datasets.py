"""Data sets as pairs of files, their right answers, and filters; all kept in one directory for the next run."""

import importlib.machinery
import importlib.util
import pathlib

import numpy

LIMIT = 10
ANCHORS = 8


class DataSet:
    """NAME_base*.npy and NAME_queries*.npy in a directory, and what is computed from them in its cache.

    With `rows`, only so many rows of it, and 300 queries.
    """

    def __init__(self, directory, name, rows=None):
        self.directory, self.name = pathlib.Path(directory), name
        self.cache = self.directory / "cache"
        self.cache.mkdir(parents=True, exist_ok=True)
        if name == "synthetic" and not list(self.directory.glob("synthetic_base*.npy")):
            generator().generate(self.directory / "synthetic", 1_000_000, 128)
        self.base_path, self.queries_path = self.find(name, "base"), self.find(name, "queries")
        if rows is not None:
            # The name says how many rows there really are: a file may hold fewer than were asked for.
            self.name += f"-{min(rows, len(numpy.load(self.base_path, mmap_mode='r')))}"
            self.base_path = self.head(self.base_path, "base", rows)
            self.queries_path = self.head(self.queries_path, "queries", 300)

    def head(self, path, part, count):
        """The first rows of a file, in a file of the cache."""
        shorter = self.cache / f"{self.name}_{part}.npy"
        if not shorter.exists():
            numpy.save(shorter, numpy.load(path, mmap_mode="r")[:count])
        return shorter

    def find(self, name, part):
        found = sorted(self.directory.glob(f"{name}_{part}*.npy"))
        if not found:
            raise FileNotFoundError(f"no {name}_{part}*.npy in {self.directory}: Benchmarks/ann/generate-* make some")
        return found[0]

    def vectors(self, path):
        """Float32 rows of length 1, mapped from the cache: memory of the file, not of the process."""
        # The size tells files of one name apart well enough for a cache.
        prepared = self.cache / f"{self.name}-{path.stem}-{path.stat().st_size}.f32.npy"
        if not prepared.exists():
            rows = numpy.load(path, mmap_mode="r")
            file = numpy.lib.format.open_memmap(prepared, "w+", numpy.float32, rows.shape)
            for start in range(0, len(rows), 1 << 16):
                block = rows[start:start + (1 << 16)].astype(numpy.float32)
                file[start:start + len(block)] = block / numpy.linalg.norm(block, axis=1, keepdims=True)
            file.flush()
        return numpy.load(prepared, mmap_mode="r")

    @property
    def base(self):
        return self.vectors(self.base_path)

    @property
    def queries(self):
        return numpy.ascontiguousarray(self.vectors(self.queries_path))

    def truth(self):
        """The nearest rows of every query, `[queries x 10]`."""
        path = self.cache / f"{self.name}-{self.base_path.stat().st_size}.truth.npy"
        if not path.exists():
            numpy.save(path, nearest(self.base, self.queries))
        return numpy.load(path)


def nearest(base, queries, passing=None):
    """The 10 nearest rows of each query by inner product, in float32; `passing` limits the rows."""
    rows = numpy.full((len(queries), LIMIT), -1, numpy.int64)
    scores = numpy.full((len(queries), LIMIT), -numpy.inf, numpy.float32)
    for start in range(0, len(base), 1 << 15):
        block = queries @ base[start:start + (1 << 15)].T
        if passing is not None:
            block[:, ~passing[start:start + (1 << 15)]] = -numpy.inf
        best = numpy.argpartition(-block, min(LIMIT, block.shape[1]) - 1, axis=1)[:, :LIMIT]
        all_scores = numpy.hstack([scores, numpy.take_along_axis(block, best, 1)])
        all_rows = numpy.hstack([rows, best + start])
        order = numpy.argsort(-all_scores, axis=1, kind="stable")[:, :LIMIT]
        scores, rows = numpy.take_along_axis(all_scores, order, 1), numpy.take_along_axis(all_rows, order, 1)
    rows[numpy.isneginf(scores)] = -1
    return rows


def recall(found, truth):
    """The share of the right rows that were found, on average over the queries that have right rows."""
    shares = []
    for mine, right in zip(found, truth):
        right = set(right.tolist()) - {-1}
        shares.append(len(right.intersection(map(int, mine))) / len(right) if right else 1)
    return sum(shares) / len(shares)


def mix(numbers):
    """splitmix64 as numbers in 0..<1, as `vexfs-fuse bench ann` has it."""
    with numpy.errstate(over="ignore"):
        value = numbers.astype(numpy.uint64) + numpy.uint64(0x9E3779B97F4A7C15)
        value = (value ^ value >> numpy.uint64(30)) * numpy.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ value >> numpy.uint64(27)) * numpy.uint64(0x94D049BB133111EB)
        value ^= value >> numpy.uint64(31)
    return (value >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-53


class Filters:
    """The same choice of rows as `vexfs-fuse bench ann --filter-kind`: see Sources/vexfs-fuse/BenchFilter.swift."""

    def __init__(self, base, queries):
        self.count = len(base)
        self.random = mix(numpy.arange(self.count))
        anchors = base[[(2 * number + 1) * self.count // (2 * ANCHORS) for number in range(ANCHORS)]]
        self.rank = numpy.empty((ANCHORS, self.count), numpy.int64)
        for number, anchor in enumerate(anchors):
            self.rank[number, numpy.argsort(-(base @ anchor), kind="stable")] = numpy.arange(self.count)
        self.anchor_of_query = numpy.argmax(queries @ anchors.T, axis=1)

    def rows(self, kind, share, anchor):
        """Which rows pass, as booleans."""
        count = max(1, int(share * self.count + 0.5))
        if kind == "random":
            return self.random < share
        rank = self.rank[anchor]
        return rank < count if kind == "correlated" else rank >= self.count - count

    def sets(self, kind):
        """The anchors that a kind of filter has sets of rows for."""
        return [0] if kind == "random" else list(range(ANCHORS))

    def set_of_query(self, kind):
        return numpy.zeros_like(self.anchor_of_query) if kind == "random" else self.anchor_of_query


def generator():
    """The module in the file generate-synthetic."""
    path = str(pathlib.Path(__file__).resolve().parent / "generate-synthetic")
    loader = importlib.machinery.SourceFileLoader("generate_synthetic", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("generate_synthetic", loader))
    loader.exec_module(module)
    return module
