"""The simulated exchange: it meets orders with records and tells what became of them. It decides nothing and knows no strategy."""
