"""What is learned from: `load` turns a name, a folder, a file or arrays into a `Dataset`."""

from trainwell.data.dataset import Dataset, Kind, Note, Split, Task
from trainwell.data.images import decode, image_paths
from trainwell.data.load import load
from trainwell.data.scaling import Scaling

__all__ = ["Dataset", "Kind", "Note", "Scaling", "Split", "Task", "decode", "image_paths", "load"]
