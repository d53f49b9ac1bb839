"""Where the person stands on the way Data → Export → Train → Evaluate → Compare → Correct.

Reads counts from the store and the run folders; which step is next is a pure function of them.
"""
