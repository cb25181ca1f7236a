"""From words in boxes to a page's blocks: lines, columns, tables, references."""
