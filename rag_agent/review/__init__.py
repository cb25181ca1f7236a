"""Literature reviews: papers found, each read once, sections written from quotes that code has checked."""
