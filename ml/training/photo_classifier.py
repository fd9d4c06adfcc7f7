"""The classifier behind notes on photos: `python -m ml.training.photo_classifier PUBLISHED.pth OUT.onnx`.

The published file is that of `ml.training.imagenet`. The result runs in ONNX Runtime, without torch; its weights are
rounded to 8 bits per output channel, which takes a quarter of the space. Needs `pip install onnx`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx  # type: ignore[import-not-found,unused-ignore]
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper  # type: ignore[import-not-found,unused-ignore]
from torch import Tensor

from ml.engines.compact.photo_encoder import STAGES
from ml.training.imagenet import folded

MORE_BLOCKS = ((192, 1, 5, 1), (320, 1, 3, 1))
"""Of the published network, which the photo encoder does not use: channels, blocks, kernel and stride."""
SIDE = 224
"""Side of the picture in pixels."""
OPSET = 17


class Graph:
    """Nodes and weights of a network, in order."""

    def __init__(self, source: dict[str, Tensor]) -> None:
        self.source = source
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.last = "picture"

    def add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """Append a node; returns the name of its result."""
        self.last = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [self.last], **attributes))
        return self.last

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """A stored array."""
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def quantized(self, name: str, values: NDArray[np.float32]) -> str:
        """A stored weight in 8 bits, with a scale for each output channel."""
        scale = np.abs(values).reshape(len(values), -1).max(axis=1).clip(1e-12) / 127.0
        steps = np.round(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
        stored = self.constant(name, steps)
        return self.add("DequantizeLinear", [stored, self.constant(f"{name}.scale", scale.astype(np.float32))], axis=0)

    def conv(self, conv: str, norm: str, *, stride: int = 1, clip: bool = True) -> str:
        """A convolution with its batch norm, and ReLU6."""
        before = self.last
        weights = folded(self.source, conv, norm, conv)
        values = weights[f"{conv}.weight"].float().numpy()
        groups = len(values) if "depthwise" in conv else 1
        bias = self.constant(f"{conv}.bias", weights[f"{conv}.bias"].float().numpy())
        inputs = [before, self.quantized(conv, values), bias]
        self.add("Conv", inputs, auto_pad="SAME_UPPER", strides=[stride, stride], group=groups)
        return self.add("Clip", [self.last, "zero", "six"]) if clip else self.last

    def block(self, number: int, stride: int, residual: bool) -> None:
        """An inverted bottleneck."""
        before, name = self.last, f"_blocks.{number}"
        if number:
            self.conv(f"{name}._expand_conv", f"{name}._bn0")
        self.conv(f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        after = self.conv(f"{name}._project_conv", f"{name}._bn2", clip=False)
        if residual:
            self.add("Add", [before, after])


def build(source: dict[str, Tensor]) -> Any:
    """The published state -> an ONNX model: pictures (1, 3, 224, 224) in [-1, 1] to the probabilities (1, 1000)."""
    graph = Graph(source)
    graph.constant("zero", np.zeros((), np.float32))
    graph.constant("six", np.full((), 6.0, np.float32))
    graph.conv("_conv_stem", "_bn0", stride=2)
    number = 0
    channels = 0
    for width, blocks, _, stride in (*STAGES, *MORE_BLOCKS):
        for index in range(blocks):
            graph.block(number, stride if index == 0 else 1, residual=index > 0 or width == channels)
            number += 1
        channels = width
    graph.conv("_conv_head", "_bn1")
    graph.add("Flatten", [graph.add("GlobalAveragePool", [graph.last])])
    pooled = graph.last
    weight = graph.quantized("_fc", source["_fc.weight"].float().numpy())
    bias = graph.constant("_fc.bias", source["_fc.bias"].float().numpy())
    graph.add("Softmax", [graph.add("Gemm", [pooled, weight, bias], transB=1)], axis=1)
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    result = helper.make_tensor_value_info(graph.last, TensorProto.FLOAT, [1, 1000])
    network = helper.make_graph(graph.nodes, "EfficientNet-Lite0", [picture], [result], graph.weights)
    return helper.make_model(network, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def main(arguments: list[str] | None = None) -> None:
    """Convert the published file."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.photo_classifier", description=__doc__)
    parser.add_argument("published", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    model = build(torch.load(options.published, weights_only=True, map_location="cpu"))
    onnx.checker.check_model(model)
    options.out.write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
