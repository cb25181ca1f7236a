"""HTML as a document: only the article, each formula once, what LaTeXML could not read dropped and counted.

arXiv's HTML comes from LaTeXML, whose classes say what a part is; other HTML is read by its tags alone.
"""
