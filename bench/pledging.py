"""Rows of pledging."""
