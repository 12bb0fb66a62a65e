"""Pictures of what a network has learned, measured on the trained network itself.

Each file of `views/` is one picture; it is found by looking into the folder.
"""

from trainwell.explain.learned.example import Example
from trainwell.explain.learned.explanation import Explanation, Learned, Picture
from trainwell.explain.learned.running import explain, explanations, pictures
from trainwell.explain.learned.storing import load, save

__all__ = ["Example", "Explanation", "Learned", "Picture", "explain", "explanations", "load", "pictures", "save"]
