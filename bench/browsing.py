"""Rows of browsing."""
