"""Python: names, strings, where values come from, what guards them."""
