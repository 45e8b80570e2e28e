"""Lists of any kind of rows: filters, orders, pages. A small query algebra that writes itself as SQL."""
