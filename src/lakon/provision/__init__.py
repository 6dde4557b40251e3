"""Archives and template in, stack out. The only room that imports boto3, and that in session.py alone."""
