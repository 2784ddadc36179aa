import { pino } from 'pino'

/** What the gateway says of itself: starts, reloads, failures. Never a token, key or claim value. */
export interface Log {
  info(message: string, facts?: Facts): void
  warn(message: string, facts?: Facts): void
  error(message: string, facts?: Facts): void
}

export type Facts = Readonly<Record<string, unknown>>
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** JSON lines through pino. */
export function jsonLog(level: LogLevel, out: { write(line: string): void }): Log {
  const logger = pino(
    {
      level,
      base: null,
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
