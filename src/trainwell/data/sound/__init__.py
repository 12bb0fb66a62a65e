"""Sound: one file, many of them, and how they are laid out."""
