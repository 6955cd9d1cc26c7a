"""SHELL: does, never decides. cycle.py shows the eight steps on one screen: START HERE."""
