"""Pipelines as files: pure functions from what is known of a project to the text of each file.

github         a workflow of GitHub Actions, and the role that it takes
codepipeline   a stack with AWS CodePipeline and CodeBuild
"""
