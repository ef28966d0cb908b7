"""The parts of a Python environment: interpreter, packages from an index, and the project itself from the working tree."""
