"""The kernels of Sources/CVexKernels as a shared library, so that a benchmark can alternate them with another engine in
one process. The product itself calls the same functions from Swift."""

import ctypes
import json
import mmap
import os
import pathlib
import struct
import subprocess

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
KERNELS = ROOT / "Sources" / "CVexKernels"
WIDTH, LAYERS, TOKENS = 384, 6, 256
PRECISIONS = {"f32": 0, "bf16": 1}
POINTER = ctypes.c_void_p

LAYER_TENSORS = [
    "attention.self.query.weight", "attention.self.query.bias",
    "attention.self.key.weight", "attention.self.key.bias",
    "attention.self.value.weight", "attention.self.value.bias",
    "attention.output.dense.weight", "attention.output.dense.bias",
    "attention.output.LayerNorm.weight", "attention.output.LayerNorm.bias",
    "intermediate.dense.weight", "intermediate.dense.bias",
    "output.dense.weight", "output.dense.bias",
    "output.LayerNorm.weight", "output.LayerNorm.bias",
]
MODEL_TENSORS = [
    "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
    "embeddings.token_type_embeddings.weight", "embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias",
] + [f"encoder.layer.{layer}.{name}" for layer in range(LAYERS) for name in LAYER_TENSORS]


def model_directory():
    """The directory that the product would use."""
    if os.environ.get("VEXFS_MODEL_DIR"):
        return pathlib.Path(os.environ["VEXFS_MODEL_DIR"])
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return pathlib.Path(data) / "vexfs" / "models" / "all-MiniLM-L6-v2"


def read_tensors(path):
    """Maps a safetensors file: name -> float32 array, without copying."""
    with open(path, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    length = struct.unpack("<Q", mapped[:8])[0]
    tensors = {}
    for name, tensor in json.loads(mapped[8:8 + length]).items():
        if tensor.get("dtype") == "F32":
            first, last = tensor["data_offsets"]
            values = numpy.frombuffer(mapped, numpy.float32, (last - first) // 4, 8 + length + first)
            tensors[name] = values.reshape(tensor["shape"])
    return tensors


def build_library():
    """Compiles the kernels as the package does and loads them."""
    target = ROOT / ".build" / "benchmarks" / "libvexkernels.so"
    target.parent.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(path) for path in KERNELS.glob("*.c"))
    subprocess.run(
        [os.environ.get("CC", "clang"), "-O3", "-shared", "-fPIC", f"-I{KERNELS / 'include'}", *sources,
         "-o", str(target)], check=True)
    library = ctypes.CDLL(str(target))
    library.vexfs_minilm_packed_bytes.restype = ctypes.c_size_t
    library.vexfs_minilm_workspace_bytes.restype = ctypes.c_size_t
    library.vexfs_minilm_variant_name.restype = ctypes.c_char_p
    library.vexfs_minilm_pack.argtypes = [ctypes.c_int, ctypes.c_int, POINTER, POINTER]
    library.vexfs_minilm_embed.argtypes = [
        ctypes.c_int, ctypes.c_int, POINTER, POINTER, POINTER, POINTER, POINTER, ctypes.c_size_t, POINTER, POINTER]
    return library


def aligned(size):
    """Zeroed pages, large ones where the kernel gives them, as the product takes them."""
    pages = mmap.mmap(-1, size)
    pages.madvise(mmap.MADV_HUGEPAGE)
    return numpy.frombuffer(pages, numpy.uint8)


class Engine:
    """The kernels with the weights packed for one variant and precision."""

    def __init__(self, library, tensors, precision, variant=None):
        self.library = library
        self.precision = PRECISIONS[precision]
        self.variant = library.vexfs_minilm_best_variant() if variant is None else variant
        self.tensors = [tensors[name] for name in MODEL_TENSORS]
        self.model = (POINTER * len(self.tensors))(*(tensor.ctypes.data for tensor in self.tensors))
        self.packed = aligned(library.vexfs_minilm_packed_bytes(self.precision))
        library.vexfs_minilm_pack(self.variant, self.precision, self.model, self.packed.ctypes.data)

    def workspace(self):
        """The working memory of one thread."""
        return aligned(self.library.vexfs_minilm_workspace_bytes())

    def embed(self, batch, workspace):
        """Embeds one micro-batch made by `micro_batches`."""
        ids, offsets, vectors = batch
        status = self.library.vexfs_minilm_embed(
            self.variant, self.precision, self.model, self.packed.ctypes.data, workspace.ctypes.data,
            ids.ctypes.data, offsets.ctypes.data, len(offsets) - 1, vectors.ctypes.data, None)
        if status != 0:
            raise ValueError("the kernels refused the batch")


def micro_batches(texts):
    """Token lists as (ids, offsets, vectors) of at most TOKENS tokens, in order."""
    groups, total = [[]], 0
    for text in texts:
        if groups[-1] and total + len(text) > TOKENS:
            groups.append([])
            total = 0
        groups[-1].append(text)
        total += len(text)
    batches = []
    for group in groups:
        ids = numpy.array([token for text in group for token in text], numpy.int32)
        offsets = numpy.cumsum([0] + [len(text) for text in group]).astype(numpy.uint32)
        batches.append((ids, offsets, numpy.zeros((len(group), WIDTH), numpy.float32)))
    return batches
