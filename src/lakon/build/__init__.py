"""Sources in, archives out. Files and child processes; never AWS.

`python.build_python` goes through these stages, each of them cached by what it was made from:

1. `selection`     which files of the project go in, and under which names
2. `requirements`  what the project depends on: `uv.lock`, `pyproject.toml` or `requirements.txt`
3. `bundles`       dependencies and Lakon's shipping part, installed for the target, compiled, compressed: one
                   run of zip members that later builds copy without looking inside
4. `pieces`        each file of the project, compiled and compressed on its own
5. `archive`       bundle and pieces become `<sha256>.zip`

`output.write_output` then makes a folder that any other tool can deploy.

The law of the room: the same input gives the same bytes, whatever the machine's clock, umask, locale or file
order; nothing half-written ever stands under a final name; the user's tree is never written.
"""
