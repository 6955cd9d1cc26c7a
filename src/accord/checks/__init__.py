"""Checks of what is said about a live system, on that system."""
