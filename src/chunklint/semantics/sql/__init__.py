"""SQL in strings and scripts: statements, holes, sinks."""
