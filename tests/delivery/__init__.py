"""What follows a sale: parcels, codes, promised days, papers, reviews."""
