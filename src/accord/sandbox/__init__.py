"""Stand-in servers for both systems and for any other, with seeded data and faults on demand; each is a process of its own on loopback.

Owns: customcrm/ (docs/reference/customcrm-api.md), membercare/ (docs/reference/membercare-sandbox.md), the data they start with (data.py),
standin/ (whatever a manifest made from a document describes), and starting them (process.py). Does not own: anything the engine uses; it
is never imported by it.

Read in this order: web (a request becomes an answer), timeline (what changed since), customcrm/api, membercare/tenant.
"""
