"""Long works on the page: tables and reviews, begun, watched and found again."""
