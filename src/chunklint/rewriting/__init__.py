"""How source is rewritten: Python by libcst codemods, TSX by exact edits. Imported only when a fix is asked for."""
