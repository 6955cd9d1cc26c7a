"""WORDS: frozen data that all rooms share; no rules, no I/O.

Read in this order: values (what a property holds), records (what a read yields), manifest (how a system is
described), dataflow (what is kept in step), links (what is one thing), plans (what is going to be written),
journal (what was tried and how it ended), runs (what a run amounts to).
"""
