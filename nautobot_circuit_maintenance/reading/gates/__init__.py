"""What speaks for or against a reading: each gate compares it with what stands in the message, and gives reasons.

One gate a file; its docstring names the message that made it necessary. Gates decide nothing about what is applied: a
doubtful reading is applied as well, but nothing automatic acts on it.
"""
