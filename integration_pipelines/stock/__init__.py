"""The stock flow: from the warehouse's levels to the figure that every marketplace shows."""
