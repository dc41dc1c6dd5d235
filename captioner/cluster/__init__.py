"""The same job on many machines, by Ray."""
