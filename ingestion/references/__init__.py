"""Who cites whom: the lists of references of the papers at hand, kept, looked up, drawn.

`ReferenceIndex` (index) keeps them, `Citations` (looking) answers for the library, `neighbourhood_svg` (picture)
draws. They are imported from their modules, so that the face loads nothing.
"""
