import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ExactNumber } from '../../kernel/json.ts'
import { isMilliseconds, isoTime, whenWords } from './when.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const at = (seconds: number): string => whenWords(NOW / 1000 + seconds, NOW)

describe('times in words', () => {
  it('say the time, and how far it is, in the unit that a person would choose', () => {
    assert.equal(at(0), '2026-11-22T12:00:00Z, 0 s ago')
    assert.equal(at(-119), '2026-11-22T11:58:01Z, 119 s ago')
    assert.equal(at(600), '2026-11-22T12:10:00Z, 10 min from now')
    assert.equal(at(-7200), '2026-11-22T10:00:00Z, 2 h ago')
    assert.equal(at(86_400 * 3), '2026-11-25T12:00:00Z, 3 days from now')
  })

  it('leave what is no time as it is written', () => {
    assert.equal(whenWords('tomorrow', NOW), '"tomorrow"')
    assert.equal(whenWords(1e300, NOW), '1e+300')
    assert.equal(isoTime(null), undefined)
    assert.equal(whenWords(new ExactNumber('99999999999999999999'), NOW), '99999999999999999999')
  })

  it('recognise milliseconds', () => {
    assert.equal(isMilliseconds(NOW), true)
    assert.equal(isMilliseconds(NOW / 1000), false)
    assert.equal(isMilliseconds('1'), false)
  })
})
