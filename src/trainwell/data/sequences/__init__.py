"""Sequences: each sample is some steps of some channels, and the lengths differ."""
