"""One series in time, which is cut into windows: its time, step, season and columns."""
