"""Text: where it comes from, how it is cut into tokens, and what is learned of that from the training part."""
