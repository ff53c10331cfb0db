"""What lowers a bar's quality, as the fold sees it happen: compiled. Costs and words are in `market.quality`."""
