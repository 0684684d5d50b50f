"""Measures chunklint against things it did not make: reviewed repositories, and what a real database says."""
