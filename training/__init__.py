"""How the models are made: nothing at run time imports it."""
