"""Free times, a request and its visit over the JSON API: the same actions as the pages."""
