"""Functions that each draw one thing on several pages; what one page draws lies in its folder."""
