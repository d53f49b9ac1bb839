"""The Export page: the recipe, its versions, and what the model will see."""
