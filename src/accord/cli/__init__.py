"""The commands: one file per group. They ask app.py, say what came of it, and end with a documented exit code."""
