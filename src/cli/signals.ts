import type { RunningGateway } from '../boot.ts'
import type { Terminal } from './terminal.ts'

/** Waits for SIGINT or SIGTERM, then drains the gateway. A second signal ends it at once. SIGHUP reloads. */
export async function untilStopped(gateway: RunningGateway, terminal: Terminal): Promise<void> {
  const reload = (): void => void gateway.reload()
  process.on('SIGHUP', reload)
  await new Promise<void>((resolve) => {
    let signals = 0
    const stop = (): void => {
      signals++
      if (signals === 1) {
        terminal.err('\nstopping: requests under way may finish; press Ctrl-C again to end them\n')
        void gateway.stop().finally(resolve)
      } else {
        gateway.kill()
        resolve()
      }
    }
    // They stay: a third signal while the last things are tidied away must not cut that off.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  })
  process.off('SIGHUP', reload)
}
