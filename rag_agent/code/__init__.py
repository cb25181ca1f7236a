"""Programs from papers: asked for precisely, written, run, repaired, held to their requirements, compared.

`writing.write_code` writes one, `again` runs or writes a kept one anew, `result.CodeResult` is what is kept. They are
imported from there: an answer holds a result, and writing tells of answers' events.
"""
