"""Contestants that train the same network on the same data by turns, each in a process of its own (see speed.py).

The parent imports neither Keras nor JAX; `worker.py` runs in the contestant's environment, which need not have
trainwell.
"""
