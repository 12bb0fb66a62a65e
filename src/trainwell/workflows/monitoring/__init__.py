"""What `tw.Monitor` is made of: eyes for the backends, the samples that went by, the rows, the run."""
