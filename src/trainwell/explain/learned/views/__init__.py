"""One file per picture of a network; each offers an `EXPLANATION`."""
