"""What rules ask of a file: names and imports, string shapes, value origins, guards, effects, resources, statements."""
