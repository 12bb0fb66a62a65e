"""Rows and columns of a file (`Frame`), what they are for (`purpose`), and one reader per purpose."""
