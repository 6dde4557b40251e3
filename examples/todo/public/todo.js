import { ask, todos, watch } from './service.js'

const list = document.getElementById('todos')
const title = document.getElementById('title')

const show = todo => {
  const line = document.createElement('li')
  const label = document.createElement('label')
  const box = Object.assign(document.createElement('input'), { type: 'checkbox', checked: todo.completed })
  const text = Object.assign(document.createElement('span'), { textContent: todo.title })
  const gone = Object.assign(document.createElement('button'), { textContent: '×', title: 'Remove' })
  box.onchange = () => ask(todo.url, 'PATCH', { completed: box.checked })
  gone.onclick = () => ask(todo.url, 'DELETE')
  label.append(box, text)
  line.append(label, gone)
  return line
}

const refresh = async () => list.replaceChildren(...(await ask(todos)).map(show))

document.getElementById('new').onsubmit = async event => {
  event.preventDefault()
  const said = title.value
  title.value = ''
  await ask(todos, 'POST', { title: said })
}
document.getElementById('clear').onclick = () => ask(todos, 'DELETE')

watch(refresh, state => { document.getElementById('live').textContent = state })
await refresh()
