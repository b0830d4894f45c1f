"""How front ends talk to the daemon of a home folder: a local socket, one JSON object a line, for its owner only.

====================================================  =====================================================================
line                                                  meaning
====================================================  =====================================================================
``{"version": 1, "request": "run", "set": "daten"}``  asked by a client; the fields besides the first two depend on it
``{"version": 1, "answer": {...}}``                   what it was answered
``{"version": 1, "error": {...}}``                    the same, refused: ``kind``, ``template``, ``hint``, ``facts``
``{"version": 1, "event": "run", ...}``               after ``watch``: something happened; until the client closes
====================================================  =====================================================================

``docs/daemon.md`` lists requests and events. Nothing here knows what they mean.
"""
