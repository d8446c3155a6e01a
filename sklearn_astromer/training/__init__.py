"""What training needs: the loop, its two tasks, and what goes with them."""
