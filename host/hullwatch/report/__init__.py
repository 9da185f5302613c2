"""Documents that someone signs: facts from the store, as HTML, PDF or data. No clock of its own."""
