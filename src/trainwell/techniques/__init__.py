"""Techniques of training: for each its formula, source, when to use it and when not, and the Keras object that is it.

One file per family; a technique is one entry in its family's file. `families`, `all_techniques` and `find` look
through the files, so there is no list elsewhere.
"""

from trainwell.techniques.catalogue import all_techniques, families, find
from trainwell.techniques.technique import Family, Parameter, Source, Technique

__all__ = ["Family", "Parameter", "Source", "Technique", "all_techniques", "families", "find"]
