"""Go sources in, programs and shared libraries out. The user's tree is never written, and no Docker is needed.

1. `toolchain`  which Go, and which C compiler where one is needed
2. `listing`    what `go list` says of a package: what it is made of, and which files decide that
3. `memory`     what an earlier build of the same files made
4. `overlay`    what the build adds without writing it: Lakon's own module, and the glue of an engine
5. `making`     `go build`, for many functions at once

`building` is the door: it answers with what is remembered (`memory`, `identity`) and makes the rest.
"""
