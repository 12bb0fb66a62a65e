"""What is learned from: `load` turns a name, a folder, a file or arrays into a `Dataset`."""

from trainwell.data.dataset import NUMERIC, Dataset, Kind, Note, Split, Task
from trainwell.data.files.images import decode, image_paths
from trainwell.data.load import load
from trainwell.data.scaling import Scaling

__all__ = ["NUMERIC", "Dataset", "Kind", "Note", "Scaling", "Split", "Task", "decode", "image_paths", "load"]
