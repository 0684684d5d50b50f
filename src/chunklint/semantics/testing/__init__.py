"""Tests: what they check, what they only seem to check, what they skip, and where they sleep."""
