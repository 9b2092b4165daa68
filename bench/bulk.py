"""Rows of bulk."""
