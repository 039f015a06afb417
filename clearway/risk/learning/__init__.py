"""How a model learns: material, weights, trees, revenue, kinds of fraud, figures."""
