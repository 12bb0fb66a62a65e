"""Files and folders as they lie on a disk: archives, encodings, arrays, pictures, and how folders are laid out."""
