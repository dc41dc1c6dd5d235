"""What can be wrong with a model folder."""


class ModelError(ValueError):
    """A model that is unknown, incomplete or does not fit its configuration."""
