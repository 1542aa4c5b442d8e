"""The running platform under creates: clients, histograms, processors, for benchmarks alone."""
