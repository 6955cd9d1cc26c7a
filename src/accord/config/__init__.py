"""The keys of the YAML: reading the two files a user writes, and checking them; every problem with file, line and remedy.

Owns: yamlfile (text -> plain data with places), shape (plain data -> dataclasses), dataflow and manifest (the two files), checking (do they
fit together), secrets, starter. Does not own: the shape of the data (model/), what a mapping means (core/mapping.py).
"""
