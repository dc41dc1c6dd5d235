"""What is looked at by hand: confusions, probes."""
