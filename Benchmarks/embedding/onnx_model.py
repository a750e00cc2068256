"""all-MiniLM-L6-v2 as an ONNX graph, straight from the safetensors.

The graph holds the fused operators that ONNX Runtime's own transformer optimiser would put in (Attention,
SkipLayerNormalization, BiasGelu), so the comparison is with its best f32 form. There is no attention mask: all texts of
a batch have the same length, which spares it the padding.
"""

import numpy
from onnx import TensorProto, checker, helper, numpy_helper

HEADS, LAYERS = 12, 6
EPSILON = 1e-12
FUSED = "com.microsoft"


class Graph:
    """Nodes and constants under construction."""

    def __init__(self, tensors):
        self.tensors = tensors
        self.nodes = []
        self.constants = []

    def constant(self, name, value):
        """Adds a constant and returns its name."""
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(value), name))
        return name

    def weight(self, name, transposed=False):
        """Adds a tensor of the model as a constant."""
        value = self.tensors[name]
        return self.constant(name, value.T if transposed else value)

    def node(self, operator, inputs, output, domain="", outputs=None, **attributes):
        """Adds a node and returns its first output's name."""
        self.nodes.append(helper.make_node(operator, inputs, outputs or [output], domain=domain, **attributes))
        return output


def add_layer(graph, hidden, layer):
    """Adds one encoder layer and returns the name of its output."""
    prefix = f"encoder.layer.{layer}."
    parts = ("query", "key", "value")
    weights = [graph.tensors[f"{prefix}attention.self.{part}.weight"].T for part in parts]
    biases = [graph.tensors[f"{prefix}attention.self.{part}.bias"] for part in parts]
    qkv = graph.constant(f"{prefix}qkv.weight", numpy.concatenate(weights, 1))
    qkv_bias = graph.constant(f"{prefix}qkv.bias", numpy.concatenate(biases))
    context = graph.node("Attention", [hidden, qkv, qkv_bias], f"{prefix}context", FUSED, num_heads=HEADS)

    def close(name, input_name, skip):
        weight = graph.weight(f"{prefix}{name}.dense.weight", True)
        dense = graph.node("MatMul", [input_name, weight], f"{prefix}{name}")
        return graph.node(
            "SkipLayerNormalization",
            [dense, skip, graph.weight(f"{prefix}{name}.LayerNorm.weight"),
             graph.weight(f"{prefix}{name}.LayerNorm.bias"), graph.weight(f"{prefix}{name}.dense.bias")],
            f"{prefix}{name}.normal", FUSED, epsilon=EPSILON)

    attention = close("attention.output", context, hidden)
    inner = graph.node(
        "MatMul", [attention, graph.weight(f"{prefix}intermediate.dense.weight", True)], f"{prefix}inner")
    inner = graph.node(
        "BiasGelu", [inner, graph.weight(f"{prefix}intermediate.dense.bias")], f"{prefix}gelu", FUSED)
    return close("output", inner, attention)


def build(tensors):
    """The serialised model: `input_ids` [batch x tokens] i64 -> `vectors` [batch x 384] f32."""
    graph = Graph(tensors)
    words = graph.weight("embeddings.word_embeddings.weight")
    positions = graph.weight("embeddings.position_embeddings.weight")
    types = graph.constant("type", tensors["embeddings.token_type_embeddings.weight"][0])
    graph.node("Gather", [words, "input_ids"], "words")
    graph.node("Shape", ["input_ids"], "length", start=1, end=2)
    graph.node("Slice", [positions, graph.constant("zero", numpy.array([0])), "length"], "positions")
    graph.node("Add", ["positions", types], "places")
    graph.node("Add", ["words", "places"], "embedded")
    hidden = graph.node(
        "LayerNormalization",
        ["embedded", graph.weight("embeddings.LayerNorm.weight"), graph.weight("embeddings.LayerNorm.bias")],
        "hidden", epsilon=EPSILON)
    for layer in range(LAYERS):
        hidden = add_layer(graph, hidden, layer)
    graph.node("ReduceMean", [hidden, graph.constant("tokens", numpy.array([1]))], "mean", keepdims=0)
    graph.node("LpNormalization", ["mean"], "vectors", axis=1, p=2)
    body = helper.make_graph(
        graph.nodes, "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", 384])], graph.constants)
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(FUSED, 1)], ir_version=9)
    checker.check_model(model)
    return model.SerializeToString()
