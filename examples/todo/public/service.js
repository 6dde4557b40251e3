// Where the service is, the site's manifest says: no page needs to be configured.
const { apis } = await (await fetch('/manifest.json')).json()

export const todos = `${apis.public}/todos`

export const ask = async (url, method = 'GET', body) => {
  const headers = body ? { 'content-type': 'application/json' } : {}
  const said = await fetch(url, { method, headers, body: body && JSON.stringify(body) })
  if (!said.ok) throw new Error(`${method} ${url}: ${said.status}`)
  return said.status === 204 ? null : said.json()
}

export const watch = (tell, state) => {
  const socket = new WebSocket(apis.changes)
  socket.onopen = () => state('live')
  socket.onmessage = message => tell(JSON.parse(message.data))
  socket.onclose = () => { state('away'); setTimeout(() => watch(tell, state), 1000) }
}
