"""The front doors on this machine: APIs, function URLs, load balancers, WebSockets and sites, on loopback ports.

They stand in the supervisor's process, beside the Lambda host. `plan` is what a command tells of a program's doors, as
`declared` reads it from the model; `doors` opens and closes them; `server` is the wire (uvicorn, without a framework:
routing is API Gateway's own, and is done here). Each kind of door is a module: `http_api`, `rest_api`, `function_url`,
`balancer`, `sockets`, `sites`. They take an `Asked`, make the event that AWS makes (`events`), let `functions` invoke,
and read the answer as AWS reads it (`answers`). Who may pass is decided by `guards`.

The rules are those of API Gateway's, Lambda's and Elastic Load Balancing's developer guides.
"""
