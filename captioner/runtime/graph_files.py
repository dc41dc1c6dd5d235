"""Graphs of OpenVINO in a model folder, whose weights stay in the safetensors files of the folder.

OpenVINO's ``.xml`` says of each constant at which byte of a weights file it lies. Here these are
the bytes of the folder's own files, one after the other, and then those of ``graphs.bin``, which
holds what is no weight: shapes, axes, scales. Weights in half precision, or of one byte with a
scale (`quantised`), are constants as they are, which OpenVINO converts when it compiles.

``graphs.bin`` begins with a digest of what the graphs hang on: the settings, and the names, shapes
and places of the weights.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import numpy as np

from captioner.runtime.quantised import SCALE, dequantised

CONSTANTS = "graphs.bin"

_FORMAT = b"captionloom graphs 2"
_ALIGNMENT = 64  # bytes; what processors like for the first number of an array
_DTYPES = {"F16": np.float16, "F32": np.float32}


@dataclass(frozen=True)
class GraphFiles:
    """The files of one folder that its graphs are made of.

    Attributes:
        names: of the graphs; each is a file ``NAME.xml``.
        weights: names of the safetensors files. No two tensors have the same name.
        settings: names of the other files that the graphs hang on.
        locate: a file's name → where it is; it need not exist.
        constants: name of the file for what is no weight.
    """

    names: tuple[str, ...]
    weights: tuple[str, ...]
    settings: tuple[str, ...]
    locate: Callable[[str], Path]
    constants: str = CONSTANTS

    def read(self) -> dict[str, Any] | None:
        """The graphs, each an `openvino.Model`.

        Returns:
            None where there are none, or they are those of another model.

        Raises:
            ValueError: a file is damaged; the message names it.
            OSError: a file cannot be read.
        """
        if not self.locate(self.constants).is_file():
            return None
        layouts = [_Layout.read(self.locate(name)) for name in self.weights]
        constants = self.locate(self.constants).read_bytes()
        if not constants.startswith(self._digest(layouts)):
            return None
        import openvino

        memory = openvino.Tensor(openvino.Type.u8, [_start(layouts) + len(constants)])
        for layout, start in zip(layouts, _starts(layouts), strict=True):
            layout.copy_to(memory.data[start : start + layout.size])
        memory.data[_start(layouts) :] = np.frombuffer(constants, np.uint8)
        return {name: self._read(name, memory) for name in self.names}

    def write(self, graphs: Mapping[str, Any], folder: Path) -> None:
        """Writes the constants and a file for each graph.

        Args:
            graphs: each an `openvino.Model`, in which a constant that has a tensor's name has its
                numbers, too. They are changed: the constant is then the tensor.
            folder: where to.

        Raises:
            ValueError: a weight is not that of the files, or a file is damaged.
        """
        layouts = [_Layout.read(self.locate(name)) for name in self.weights]
        places = {
            name: start + at
            for layout, start in zip(layouts, _starts(layouts), strict=True)
            for name, (at, _, _) in layout.tensors.items()
        }
        files = [layout.load() for layout in layouts]
        weights = {name: array for file in files for name, array in file.items()}
        constants = _Constants(_start(layouts), self._digest(layouts))
        described: dict[str, bytes] = {}
        for name in self.names:
            _take_weights(graphs[name], weights)
            described[name] = _described(graphs[name], places, constants)
        (folder / self.constants).unlink(missing_ok=True)  # without it, no graph counts
        for name, text in described.items():
            (folder / f"{name}.xml").write_bytes(text)
        part = folder / f".{self.constants}"
        part.write_bytes(constants.data)
        part.replace(folder / self.constants)

    def _read(self, name: str, memory: Any) -> Any:
        import openvino

        path = self.locate(f"{name}.xml")
        try:
            return openvino.Core().read_model(path.read_bytes(), memory)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise ValueError(
                f"{path} is damaged ({reason}); copy the model folder again, or make its graphs "
                "anew: python -m training.export FOLDER"
            ) from error

    def _digest(self, layouts: Sequence[_Layout]) -> bytes:
        digest = hashlib.sha256(_FORMAT)
        for name in self.settings:
            digest.update(self.locate(name).read_bytes())
        for layout in layouts:
            digest.update(layout.header)
        return digest.digest()


@dataclass(frozen=True)
class _Layout:
    """Where the tensors of a safetensors file lie: (first byte, dtype, shape) by name."""

    path: Path
    header: bytes
    size: int
    tensors: dict[str, tuple[int, str, tuple[int, ...]]]

    @classmethod
    def read(cls, path: Path) -> _Layout:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "numpy"):  # checks all that follows
                pass
        except SafetensorError as error:
            raise ValueError(f"{path} is damaged ({error}); copy the model folder again") from error
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = file.read(length)
        tensors = {
            name: (8 + length + entry["data_offsets"][0], entry["dtype"], tuple(entry["shape"]))
            for name, entry in json.loads(header).items()
            if name != "__metadata__"
        }
        return cls(path, header, path.stat().st_size, tensors)

    def copy_to(self, memory: np.ndarray) -> None:
        """Reads the whole file, uint8 [size], and checks its numbers."""
        memory[:] = np.fromfile(self.path, np.uint8)
        for name, (at, dtype, shape) in self.tensors.items():
            kind = np.dtype(_DTYPES.get(dtype, np.uint8))
            end = at + kind.itemsize * int(np.prod(shape))
            if dtype in _DTYPES and not _all_finite(memory[at:end].view(kind)):
                raise ValueError(
                    f"{self.path} is damaged ({name} holds what is no number); copy the model "
                    "folder again"
                )

    def load(self) -> dict[str, np.ndarray]:
        from safetensors.numpy import load_file

        arrays: dict[str, np.ndarray] = load_file(self.path)
        return arrays


def _all_finite(values: np.ndarray) -> bool:
    if values.dtype == np.float16:  # as whole numbers it is quicker: all bits of the exponent
        return not bool(((values.view(np.uint16) & 0x7C00) == 0x7C00).any())
    return bool(np.isfinite(values).all())


class _Constants:
    """The bytes of ``graphs.bin`` as they become known; each value is kept once."""

    def __init__(self, start: int, digest: bytes):
        self.data = bytearray(digest)
        self._start = start
        self._known: dict[bytes, int] = {}

    def place_of(self, value: bytes) -> int:
        """At which byte of all files together a value lies."""
        if value not in self._known:
            self.data.extend(bytes(-len(self.data) % _ALIGNMENT))
            self._known[value] = self._start + len(self.data)
            self.data.extend(value)
        return self._known[value]


def _starts(layouts: Sequence[_Layout]) -> Iterator[int]:
    """At which byte of all files together each begins."""
    return (_start(layouts[:count]) for count in range(len(layouts)))


def _start(layouts: Sequence[_Layout]) -> int:
    """Where the file begins that comes after these."""
    return sum(layout.size + -layout.size % _ALIGNMENT for layout in layouts)


def _take_weights(graph: Any, weights: Mapping[str, np.ndarray]) -> None:
    """Constants that have the name of a weight become it, in the precision of its file."""
    dense = dequantised(weights)
    for node in graph.get_ops():
        name = node.get_friendly_name()
        if node.get_type_name() != "Constant" or name not in dense:
            continue
        values = node.data
        if not np.array_equal(values.ravel(), dense[name].ravel().astype(values.dtype)):
            raise ValueError(f"{name} of the graph is not that of the weights")
        node.output(0).replace(_stored(name, weights, values))


def _stored(name: str, weights: Mapping[str, np.ndarray], values: np.ndarray) -> Any:
    """The output of a weight as its file has it, in the precision and shape of ``values``."""
    from openvino import opset16

    weight = weights[name]
    constant = opset16.constant(weight.reshape(values.shape))
    constant.set_friendly_name(name)
    used = constant if weight.dtype == values.dtype else opset16.convert(constant, "f32")
    if weight.dtype == np.int8:
        scale = opset16.constant(weights[name + SCALE])
        scale.set_friendly_name(name + SCALE)
        used = opset16.multiply(used, scale)
    return used.output(0)


def _described(graph: Any, places: Mapping[str, int], constants: _Constants) -> bytes:
    """The ``.xml`` of a graph, whose constants lie in these places or among the constants."""
    import openvino

    with TemporaryDirectory() as folder:
        path = Path(folder) / "graph.xml"
        openvino.serialize(graph, path, path.with_suffix(".bin"))
        tree = ElementTree.parse(path)
        values = path.with_suffix(".bin").read_bytes()
    for layer in tree.iter("layer"):
        data = layer.find("data")
        if layer.get("type") != "Const" or data is None:
            continue
        at, size = int(data.attrib["offset"]), int(data.attrib["size"])
        name = layer.attrib["name"]
        place = places[name] if name in places else constants.place_of(values[at : at + size])
        data.set("offset", str(place))
    ElementTree.indent(tree, "")
    text: bytes = ElementTree.tostring(tree.getroot())
    return text
