"""Result tables: from runs, benchmarks and sweeps to CSV, Markdown and LaTeX; published numbers stand beside them."""
