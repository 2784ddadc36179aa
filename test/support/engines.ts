import { suite } from 'node:test'
import { ENGINES, type Engine, type EngineName } from '../../src/gateway/engine.ts'
import { startForwardingGateway, type ForwardingGateway, type GatewayOptions } from './forwarding-gateway.ts'

/** One engine under test. What two engines do is the same; in words of their own they may differ. */
export interface TestEngine {
  readonly name: EngineName
  readonly engine: Engine
  startForwardingGateway(options: GatewayOptions): Promise<ForwardingGateway>
  /** The expectation for this engine, where the words of the two differ. */
  words<T>(expected: Readonly<Record<EngineName, T>>): T
}

const NAMES: readonly EngineName[] = ['claimgate', 'node']

/** Defines the same tests once for each engine. */
export function eachEngine(define: (engine: TestEngine) => void): void {
  for (const name of NAMES) {
    suite(`engine ${name}`, () => {
      const engine = ENGINES[name]
      define({
        name,
        engine,
        startForwardingGateway: (options) => startForwardingGateway(engine, options),
        words: (expected) => expected[name],
      })
    })
  }
}
