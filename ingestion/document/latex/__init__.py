"""LaTeX source as a document: files of one paper joined, macros expanded, environments read as blocks.

`source` joins the files (`\\input` is followed among them alone, nothing is run), `macros` expands what the
paper defines, `formulas` are kept as written, `reading` parses the rest with pylatexenc and `walking` writes the
blocks.
"""
