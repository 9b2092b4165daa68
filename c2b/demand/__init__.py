"""The arithmetic of demand: whole numbers in, whole numbers out; no clock, no database, no page."""
