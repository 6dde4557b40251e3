"""The same program on this machine: the embedded AWS and the Lambda host behind it. Loopback only.

`daemon` is the door for commands: find, start and stop the supervisor of a project. The supervisor (`supervisor`)
holds two things together: the emulator (`emulator`, a process of its own with `plug` inside) and the Lambda host
(`host`), which `bridge` joins. What is `inside` the emulator's process answers the Lambda API's invoke side. The host
gives every concurrent invocation an execution environment (`environment`): a process that speaks the Lambda Runtime API
(`runtime_api`) on a loopback port of its own. Nothing here calls AWS: log clients are handed in.
"""
