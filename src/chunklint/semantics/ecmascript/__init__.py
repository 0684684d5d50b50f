"""TypeScript and JavaScript: names, modules, React, and what a function acquires and releases."""
