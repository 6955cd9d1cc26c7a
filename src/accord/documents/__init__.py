"""The dataflow document: what two systems keep in step, as a text that people check by.

Owns: model (the document as a value), write (to .rst, and from a dataflow). Does not own: the dataflow file (config/).
"""
