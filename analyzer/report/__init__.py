"""What a person reads of results: words, the terminal view, one self-contained HTML page."""
