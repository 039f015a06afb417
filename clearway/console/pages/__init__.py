"""The pages: one file per noun, each a query or an action and a template."""
