"""What runs inside the emulator's process: the Lambda API's invoke side, as AWS has it.

The standard library and the emulator only, for this process lives in the emulator's environment, not in Lakon's.

The choice: the two Invoke operations are answered here (`invoke_api`), and every other way into a function ends here
too. The emulator keeps what it does well: the records of functions, versions and aliases, which are read at each
invocation and never copied. All that is touched of it stands in `seam`, which checks at start that it is as expected.

- `invoke_api`: Invoke and InvokeWithResponseStream: what is asked, refused and answered, in AWS's shapes.
- `async_queue`: events accepted with 202, their retries and their age; `destinations`: where their records go.
- `triggers`: invocations by other services of the emulator.
- `provisioning`, `stacks`: what else must be known of functions.
- `invoker`: one attempt at one invocation: `records` finds the version, `concurrency` counts, `link` reaches the host.
"""
