"""Sample events: what each service of AWS hands to a function, as its documentation tells.

Pure: names, place and time come in, an event goes out. `catalogue` lists the kinds; every maker takes a `Scene`, which
says where and when the event happens, and what is particular to its kind.
"""
