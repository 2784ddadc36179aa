import { execFileSync } from 'node:child_process'

/** The system's Python, which has Debian's python3-jwt; a Python of one's own may not. */
const PYTHON = '/usr/bin/python3'

/** Undefined where PyJWT is there; otherwise what to install. In CI its absence is a failure, not a skip. */
export function lacksPyJwt(): string | undefined {
  try {
    execFileSync(PYTHON, ['-c', 'import jwt, cryptography'], { stdio: 'ignore' })
    return undefined
  } catch (cause) {
    if (process.env['CI'] === 'true') throw new Error('CI must have PyJWT', { cause })
    return 'PyJWT is not installed (Debian: python3-jwt and python3-cryptography)'
  }
}

/** Runs the script that the product's document prints, with this private key, and gives the token that it prints. */
export function tokenByDocumentScript(privateKeyPem: string): string {
  const script = `
import jwt
import time

private_key = """
${privateKeyPem}"""

headers = {
    "alg": "RS256",
    "typ": "JWT"
}

payload = {
    "sub": "1234567890",
    "name": "John Snow",
    "iat": int(time.time()),   # The time when the token was issued.
    "exp": int(time.time()) + 60 * 60,   # Set the token to expire in one hour.
}


encoded = jwt.encode(payload=payload, key=private_key.encode(), headers=headers)
print("Generated token: %s" % encoded)
`
  const printed = execFileSync(PYTHON, ['-'], { input: script, encoding: 'utf8' })
  return printed.replace('Generated token: ', '').trim()
}
