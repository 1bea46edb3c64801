"""The pages of the explorer, a topic a file. Each is a function of a View, and of what stands in its address."""
