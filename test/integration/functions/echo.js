/** Every way in which a function can answer, by path. */
export default {
  async fetch(request) {
    const { pathname, search } = new URL(request.url)
    switch (pathname) {
      case '/echo':
        return new Response(request.body, {
          status: 201,
          headers: { 'x-method': request.method, 'x-url': request.url },
        })
      case '/query':
        return new Response(search)
      case '/header': {
        const value = request.headers.get('x-user') ?? ''
        const text = new TextDecoder().decode(Uint8Array.from(value, (character) => character.charCodeAt(0)))
        return new Response(text, { headers: { 'x-user': value } })
      }
      case '/cookies': {
        const headers = new Headers({ connection: 'x-hop', 'x-hop': '1', 'keep-alive': 'timeout=9' })
        headers.append('set-cookie', 'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT')
        headers.append('set-cookie', 'b=2')
        return new Response('ok', { headers })
      }
      case '/stream':
        return new Response(countdown(), { headers: { 'content-type': 'text/event-stream' } })
      case '/endless':
        return new Response(endless(request.signal))
      case '/throw':
        throw new Error('the secret of the function')
      case '/reject':
        return Promise.reject(new Error('the secret of the function'))
      case '/nothing':
        return undefined
      case '/string':
        return 'text'
      case '/bad-status':
        return { status: 99, headers: new Headers(), body: null }
      case '/bad-header':
        return { status: 200, headers: forgedHeaders(), body: null }
      case '/used': {
        const response = new Response('text')
        await response.text()
        return response
      }
      case '/hang':
        return new Promise((resolve) => {
          request.signal.addEventListener('abort', () => {
            globalThis.functionAborted = (globalThis.functionAborted ?? 0) + 1
            resolve(new Response('too late'))
          })
        })
      case '/breaks':
        return new Response(breaking())
      case '/text-chunks':
        return new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue('text')
              controller.close()
            },
          }),
        )
      case '/stalls':
        return new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode('begun'))
            },
          }),
        )
      case '/short':
        return new Response('abc', { headers: { 'content-length': '10' } })
      case '/long':
        return new Response('abcdefghij', { headers: { 'content-length': '3' } })
      case '/empty':
        return new Response(null, { status: 204 })
      case '/null':
        return new Response(null)
      case '/ignore-body':
        return new Response('ignored')
      default:
        return new Response('not found', { status: 404 })
    }
  },
}

function countdown() {
  let left = 3
  return new ReadableStream({
    async pull(controller) {
      if (left === 0) return controller.close()
      controller.enqueue(new TextEncoder().encode(`data: ${left--}\n\n`))
    },
  })
}

function endless(signal) {
  globalThis.functionPulled = 0
  globalThis.functionStopped = false
  signal.addEventListener('abort', () => (globalThis.functionStopped = true))
  return new ReadableStream(
    {
      pull(controller) {
        globalThis.functionPulled += 65536
        controller.enqueue(new Uint8Array(65536))
      },
    },
    { highWaterMark: 0 },
  )
}

function breaking() {
  let begun = false
  return new ReadableStream({
    pull(controller) {
      if (begun) return controller.error(new Error('the secret of the function'))
      begun = true
      controller.enqueue(new TextEncoder().encode('begun'))
    },
  })
}

/** Looks like Headers, and holds what Headers would never take. */
function forgedHeaders() {
  return {
    *[Symbol.iterator]() {
      yield ['x-evil', 'a\r\nSet-Cookie: b=c']
    },
    forEach() {},
    getSetCookie: () => [],
  }
}
