ns = None
