/** The configuration of the demo: small enough to read, and everything in it does something. */
export function demoConfiguration(address: string): string {
  return `# The demo of Claimgate. Edit this file and save it: the gateway reloads, and keeps the last good
# configuration where it finds an error.
version: 1

listeners:
  - address: ${address}

backends:
  hello: { function: ./hello.js }

authentications:
  demo:
    issuer: https://issuer.example
    keys: { jwksFile: ./jwks.json }
    forward:
      # The function gets the claim \`name\` as the header \`nametofunction\`, and nobody else can set it.
      - { claim: name, header: nametofunction }

routes:
  - name: hello
    path: /*
    backend: hello
    # Every path needs a token but these.
    auth: { use: [demo], mode: whitelist, paths: [/public/*] }
`
}

/** The function behind the gateway: a module with a web-standard \`fetch\`. */
export const DEMO_FUNCTION = `export default {
  fetch(request) {
    const name = request.headers.get('nametofunction')
    const { pathname } = new URL(request.url)
    return new Response(name === null ? \`hello, somebody, at \${pathname}\\n\` : \`hello, \${name}, at \${pathname}\\n\`)
  },
}
`
