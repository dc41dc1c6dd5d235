"""Teaching a dual encoder which sentences and pictures belong together."""
