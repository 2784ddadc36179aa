import { pino } from 'pino'

/** What the gateway says of itself: starts, reloads, failures. Never a token, key or claim value. */
export interface Log {
  info(message: string, facts?: Facts): void
  warn(message: string, facts?: Facts): void
  error(message: string, facts?: Facts): void
}

export type Facts = Readonly<Record<string, unknown>>
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Whose line it is, where several processes write to one log. */
export interface LogOrigin {
  readonly worker?: number
}

/** JSON lines through pino. `origin` stands in every line. */
export function jsonLog(level: LogLevel, out: { write(line: string): void }, origin: LogOrigin = {}): Log {
  const logger = pino(
    {
      level,
      base: origin,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}","type":"log"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    out,
  )
  return {
    info: (message, facts = {}) => logger.info(facts, message),
    warn: (message, facts = {}) => logger.warn(facts, message),
    error: (message, facts = {}) => logger.error(facts, message),
  }
}
