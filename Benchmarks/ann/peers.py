"""The other libraries, each behind the same few methods.

A setting is a dictionary; `families` are lists of settings, each list from fast to thorough. Vectors have length 1, so
that the inner product is the cosine. Parameters follow each library's own advice or, where it has none, its defaults.
"""

import itertools
import math
import os
import pathlib
import shutil

import numpy

LIMIT = 10
# Steps of about 6 %, as fine as our own search for the smallest breadth.
BREADTHS = sorted({round(LIMIT * 1.06**step) for step in range(93)})
STEPS = sorted({round(2 * 1.08**step) for step in range(70)})


class Peer:
    """What a library is asked; searches may come from several threads at once, `configure` from none."""

    filters = False

    def families(self, count):
        return [[{"ef": ef} for ef in BREADTHS]]

    def begin_thread(self):
        """Called by every thread before it searches."""

    def batch(self, queries, threads):
        """Row numbers of the nearest, for many queries in one call; None where the library has no such call."""
        return None

    def single(self, query):
        """Row numbers of the nearest of one query, `[1 x dimension]`, in one call."""
        raise NotImplementedError


class HNSWLib(Peer):
    """hnswlib, M 16, ef_construction 200: the values of its README."""

    def __init__(self, dimension):
        import hnswlib
        self.module, self.index = hnswlib, hnswlib.Index("ip", dimension)

    def build(self, base, threads):
        self.index.init_index(len(base), ef_construction=200, M=16, random_seed=1)
        self.index.add_items(base, num_threads=threads)

    def save(self, path):
        self.index.save_index(path)

    def load(self, path):
        self.index.load_index(path)

    def configure(self, setting):
        self.index.set_ef(setting["ef"])

    def single(self, query):
        return self.index.knn_query(query, LIMIT, num_threads=1)[0]

    def batch(self, queries, threads):
        return self.index.knn_query(queries, LIMIT, num_threads=threads)[0]


class Faiss(Peer):
    """What the indexes of faiss have in common."""

    def __init__(self, dimension):
        import faiss
        self.module, self.dimension, self.index = faiss, dimension, None

    def save(self, path):
        self.module.write_index(self.index, path)

    def load(self, path):
        self.index = self.module.read_index(path)

    def build(self, base, threads):
        self.module.omp_set_num_threads(threads)
        self.index = self.make(len(base))
        if not self.index.is_trained:
            self.index.train(base)
        self.index.add(base)

    def begin_thread(self):
        # OpenMP keeps this for each thread.
        self.module.omp_set_num_threads(1)

    def single(self, query):
        return self.index.search(query, LIMIT)[1]

    def batch(self, queries, threads):
        self.module.omp_set_num_threads(threads)
        return self.index.search(queries, LIMIT)[1]


class FaissHNSW(Faiss):
    """faiss IndexHNSWFlat, M 16, efConstruction 128."""

    def make(self, count):
        return self.construction(self.module.IndexHNSWFlat(self.dimension, 16, self.module.METRIC_INNER_PRODUCT))

    def construction(self, index):
        index.hnsw.efConstruction = 128
        return index

    def configure(self, setting):
        self.module.downcast_index(self.index).hnsw.efSearch = setting["ef"]


class FaissHNSWSQ8(FaissHNSW):
    """faiss IndexHNSWSQ with 8-bit scalars, M 16, efConstruction 128."""

    def make(self, count):
        scalar = self.module.ScalarQuantizer.QT_8bit
        return self.construction(
            self.module.IndexHNSWSQ(self.dimension, scalar, 16, self.module.METRIC_INNER_PRODUCT))


class FaissPQ4(Faiss):
    """faiss inverted lists of 4-bit product codes (two dimensions each, FastScan), re-scored with float32."""

    def make(self, count):
        lists = 400 if count < 200_000 else 1000
        description = f"IVF{lists},PQ{self.dimension // 2}x4fs,RFlat"
        return self.module.index_factory(self.dimension, description, self.module.METRIC_INNER_PRODUCT)

    def families(self, count):
        return [[{"nprobe": probe, "k_factor": factor} for probe in STEPS] for factor in (2, 4, 8, 16, 32)]

    def configure(self, setting):
        index = self.module.downcast_index(self.index)
        index.k_factor = setting["k_factor"]
        self.module.extract_index_ivf(index).nprobe = setting["nprobe"]


class USearch(Peer):
    """usearch, connectivity 16 and expansion_add 128, its defaults."""

    scalar = "bf16"

    def __init__(self, dimension):
        from usearch.index import Index
        self.index = Index(
            ndim=dimension, metric="ip", dtype=self.scalar, connectivity=16, expansion_add=128, expansion_search=64)

    def build(self, base, threads):
        self.index.add(numpy.arange(len(base)), base, threads=threads)

    def save(self, path):
        self.index.save(path)

    def load(self, path):
        self.index.load(path)

    def configure(self, setting):
        self.index.expansion_search = setting["ef"]

    def single(self, query):
        return [self.index.search(query[0], LIMIT, threads=1).keys]

    def batch(self, queries, threads):
        return self.index.search(queries, LIMIT, threads=threads).keys


class USearchF32(USearch):
    """usearch with float32."""

    scalar = "f32"


class USearchI8(USearch):
    """usearch with 8-bit numbers."""

    scalar = "i8"


class ScaNN(Peer):
    """ScaNN: a tree of about sqrt(rows) leaves, anisotropic codes (threshold 0.2), re-scored, as its guide has it."""

    def __init__(self, dimension):
        import scann
        self.module, self.searcher, self.setting = scann, None, {}

    def build(self, base, threads):
        leaves = 2 ** round(math.log2(math.sqrt(len(base)))) * (2 if len(base) > 200_000 else 1)
        builder = self.module.scann_ops_pybind.builder(numpy.asarray(base), LIMIT, "dot_product")
        builder.set_n_training_threads(threads)
        self.searcher = builder.tree(
            num_leaves=leaves, num_leaves_to_search=leaves // 10, training_sample_size=min(len(base), 250_000)
        ).score_ah(2, anisotropic_quantization_threshold=0.2).reorder(100).build()

    def save(self, path):
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        self.searcher.serialize(path, relative_path=True)

    def load(self, path):
        self.searcher = self.module.scann_ops_pybind.load_searcher(path)

    def families(self, count):
        return [[{"leaves": leaf, "reorder": reorder} for leaf in STEPS] for reorder in (20, 40, 80, 160, 320)]

    def configure(self, setting):
        self.setting = {
            "final_num_neighbors": LIMIT, "pre_reorder_num_neighbors": setting["reorder"],
            "leaves_to_search": setting["leaves"],
        }

    def single(self, query):
        return [self.searcher.search(query[0], **self.setting)[0]]

    def batch(self, queries, threads):
        if threads == 1:
            return self.searcher.search_batched(queries, **self.setting)[0]
        self.searcher.set_num_threads(threads)
        return self.searcher.search_batched_parallel(queries, **self.setting)[0]


class QdrantEdge(Peer):
    """Qdrant's engine in this process, m 16, ef_construct 100, its defaults; filters are keywords with an index."""

    filters = True
    shares = (0.5, 0.1, 0.01, 0.001)
    kinds = ("random", "correlated", "anticorrelated")

    def __init__(self, dimension):
        import qdrant_edge
        self.module, self.dimension = qdrant_edge, dimension
        self.shard = self.path = self.parameters = None
        self.condition = None

    def configuration(self, threads):
        module = self.module
        hnsw = module.HnswIndexConfig(16, 100, 10_000, max_indexing_threads=threads)
        vectors = module.EdgeVectorParams(self.dimension, module.Distance.Cosine)
        optimizers = module.EdgeOptimizersConfig(indexing_threshold=10_000, default_segment_number=1)
        return module.EdgeConfig(vectors=vectors, hnsw_config=hnsw, optimizers=optimizers)

    @staticmethod
    def keyword(kind, share, anchor):
        return f"{kind}-{share}-{anchor}"

    def tags(self, filters):
        """The keywords of every row: those of the filters that it passes."""
        tags = [[] for _ in range(filters.count)]
        for kind, share in itertools.product(self.kinds, self.shares):
            for anchor in filters.sets(kind):
                for row in numpy.flatnonzero(filters.rows(kind, share, anchor)):
                    tags[row].append(self.keyword(kind, share, anchor))
        return tags

    def create(self, path):
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        self.path = path
        self.shard = self.module.EdgeShard.create(path, self.configuration(2))
        self.shard.update(
            self.module.UpdateOperation.create_field_index("tags", self.module.PayloadSchemaType.Keyword))

    def insert(self, base, filters):
        tags = self.tags(filters)
        for start in range(0, len(base), 1000):
            points = [
                self.module.Point(start + place, vector.tolist(), {"tags": tags[start + place]})
                for place, vector in enumerate(base[start:start + 1000])
            ]
            self.shard.update(self.module.UpdateOperation.upsert_points(points))

    def build(self, base, threads):
        while self.shard.optimize():
            pass

    def save(self, path):
        self.shard.flush()

    def load(self, path):
        self.shard = self.module.EdgeShard.load(path)

    def configure(self, setting):
        acorn = self.module.AcornSearchParams(enable=True) if setting.get("acorn") else None
        self.parameters = self.module.SearchParams(hnsw_ef=setting["ef"], acorn=acorn)

    def families(self, count):
        breadths = [16, 32, 64, 128, 256, 512, 1024]
        return [[{"ef": ef, "acorn": acorn} for ef in breadths] for acorn in (False, True)]

    def requests(self, queries, keywords):
        """Ready-made requests: making them is the caller's work, not the engine's."""
        module, requests = self.module, []
        for query, keyword in zip(queries, keywords):
            condition = None
            if keyword is not None:
                match = module.MatchValue(keyword)
                condition = module.Filter(must=[module.FieldCondition("tags", match=match)])
            requests.append(module.QueryRequest(
                LIMIT, query=module.Query.Nearest(query.tolist()), filter=condition, params=self.parameters))
        return requests

    def single(self, query):
        return [[point.id for point in self.shard.query(query)]]


PEERS = {
    "hnswlib": HNSWLib, "faiss-hnswsq8": FaissHNSWSQ8, "faiss-pq4fs": FaissPQ4, "faiss-hnsw": FaissHNSW,
    "usearch-bf16": USearch, "usearch-f32": USearchF32, "usearch-i8": USearchI8, "scann": ScaNN,
    "qdrant-edge": QdrantEdge,
}


def size_on_disk(path):
    """Bytes of a file or of all files below a directory."""
    path = pathlib.Path(path)
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
