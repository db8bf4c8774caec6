"""The forum's views, one module for each part of the site."""
