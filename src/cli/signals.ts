import type { RunningGateway } from '../boot.ts'
import { printError, type ExitCode, type Terminal } from './terminal.ts'

/**
 * Waits for SIGINT or SIGTERM, then drains the gateway and gives 0. A second signal ends it at once. SIGHUP reloads, and fetches keys again. A
 * gateway that gave up is told of, and gives 1.
 */
export async function untilStopped(gateway: RunningGateway, terminal: Terminal): Promise<ExitCode> {
  const reload = (): void => {
    void gateway.reload()
    gateway.refetchKeys()
  }
  process.on('SIGHUP', reload)
  const gaveUp = gateway.gaveUp.then(({ message, hint }): ExitCode => {
    printError(terminal, message, hint)
    return 1
  })
  const stopped = new Promise<ExitCode>((done) => {
    let signals = 0
    const stop = (): void => {
      signals++
      if (signals === 1) {
        terminal.err('\nstopping: requests under way may finish; press Ctrl-C again to end them\n')
        void gateway.stop().finally(() => done(0))
      } else {
        gateway.kill()
        done(0)
      }
    }
    // They stay: a third signal while the last things are tidied away must not cut that off.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  })
  const code = await Promise.race([gaveUp, stopped])
  process.off('SIGHUP', reload)
  return code
}
