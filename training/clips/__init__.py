"""Networks from a clip's frames to its sentence."""
