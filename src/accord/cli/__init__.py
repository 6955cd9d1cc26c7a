"""The commands: one file per group. They ask app/, say what came of it, and end with a documented exit code."""
