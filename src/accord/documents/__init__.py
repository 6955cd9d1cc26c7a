"""The dataflow document: what two systems keep in step, as a text that people check by.

Owns: model (the document as a value), write (to .rst), read (from .rst), derived and kept (from a dataflow), meant and configured (to one).
Does not own: the dataflow file (config/).
"""
