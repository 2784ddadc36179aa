import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../kernel/clock.ts'
import { FolderKeyCache, type CachedDocument } from './key-cache.ts'

const SOURCE = 'a'.repeat(32)
const DOCUMENT: CachedDocument = {
  text: '{"keys":[]}',
  fetchedAtMs: 1000,
  freshUntilMs: 2000,
  firstSeenMs: { abc: 500 },
}
const IS_ROOT = process.getuid?.() === 0

/** A cache in a folder that is not there yet, with a note of what it tells. */
function subject(t: TestContext) {
  const parent = mkdtempSync(join(tmpdir(), 'claimgate-key-cache-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  const folder = join(parent, 'deep/keys')
  const told: string[] = []
  const file = join(folder, `${SOURCE}.json`)
  return {
    parent,
    folder,
    file,
    told,
    cache: new FolderKeyCache(folder, (problem) => void told.push(problem), systemClock),
  }
}

describe('keys on disk', () => {
  it('come back as they were kept, in another process too', async (t) => {
    const { cache, folder, told } = subject(t)
    assert.equal(await cache.load(SOURCE), undefined)
    await cache.save(SOURCE, DOCUMENT)
    const { text, fetchedAtMs, freshUntilMs, firstSeenMs } = (await loadedBy(cache)) ?? assert.fail()
    assert.deepEqual({ text, fetchedAtMs, freshUntilMs, firstSeenMs }, DOCUMENT)
    assert.deepEqual(
      await new FolderKeyCache(folder, assert.fail, systemClock).load(SOURCE),
      await loadedBy(cache),
    )
    assert.equal(await cache.load('b'.repeat(32)), undefined)
    assert.deepEqual(told, [])
  })

  it('lie in a folder and files that nobody else reads or writes', async (t) => {
    const { cache, folder, file } = subject(t)
    await cache.save(SOURCE, DOCUMENT)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(folder), [`${SOURCE}.json`])
  })

  it('are those that came last, however many are saved at once', async (t) => {
    const { cache, folder } = subject(t)
    const saves: Promise<void>[] = []
    for (let i = 0; i <= 20; i++) {
      saves.push(cache.save(SOURCE, { ...DOCUMENT, fetchedAtMs: i }))
      saves.push(cache.save(`${i}`, { ...DOCUMENT, fetchedAtMs: i }))
    }
    await Promise.all(saves)
    assert.equal((await loadedBy(cache))?.fetchedAtMs, 20)
    assert.equal((await cache.load('7'))?.fetchedAtMs, 7)
    assert.equal(readdirSync(folder).length, 22)
  })

  it('that were cut off, are of another source or format, or nonsense, are as good as none', async (t) => {
    const { cache, folder, file, told } = subject(t)
    await cache.save(SOURCE, DOCUMENT)
    const whole = readFileSync(file, 'utf8')
    const other: unknown = JSON.parse(whole)
    const texts = [
      '',
      whole.slice(0, -1),
      whole.slice(1),
      '\0'.repeat(whole.length),
      'null',
      JSON.stringify({ ...(other as object), format: 2 }),
      JSON.stringify({ ...(other as object), source: 'b' }),
      JSON.stringify({ ...(other as object), fetchedAtMs: '1000' }),
      JSON.stringify({ ...(other as object), more: 1 }),
      JSON.stringify({ ...(other as object), firstSeenMs: { abc: null } }),
    ]
    for (const text of texts) {
      writeFileSync(file, text)
      assert.equal(await cache.load(SOURCE), undefined, text.slice(0, 40))
    }
    renameSync(file, join(folder, 'b.json'))
    assert.equal(await cache.load('b'), undefined)
    await cache.save(SOURCE, DOCUMENT)
    assert.notEqual(await cache.load(SOURCE), undefined)
    assert.deepEqual(told, [])
  })
})

describe('what others could have written', () => {
  it('is not believed: a file that the group or all may write', async (t) => {
    for (const mode of [0o620, 0o602, 0o666]) {
      const { cache, file, told } = subject(t)
      await cache.save(SOURCE, DOCUMENT)
      chmodSync(file, mode)
      assert.equal(await cache.load(SOURCE), undefined)
      assert.deepEqual(told, [
        `\`${file}\` is not believed, because others than this user can write it; the next keys that are fetched replace it`,
      ])
      // It is replaced by one of its own.
      await cache.save(SOURCE, DOCUMENT)
      assert.notEqual(await cache.load(SOURCE), undefined)
    }
  })

  it(
    'is not believed: a file of another user',
    { skip: IS_ROOT ? false : 'only root gives files away' },
    async (t) => {
      const { cache, file, told } = subject(t)
      await cache.save(SOURCE, DOCUMENT)
      chownSync(file, 65_534, 65_534)
      assert.equal(await cache.load(SOURCE), undefined)
      assert.equal(told.length, 1)
    },
  )

  it('is not used: a folder that the group or all may write, until that is mended', async (t) => {
    const { cache, folder, told } = subject(t)
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o777)
    await cache.save(SOURCE, DOCUMENT)
    await cache.save(SOURCE, DOCUMENT)
    assert.equal(await cache.load(SOURCE), undefined)
    assert.deepEqual(readdirSync(folder), [])
    assert.deepEqual(told, [
      `\`${folder}\` is not used, because others than this user can write it; make it this user's and mode 0700`,
    ])
    chmodSync(folder, 0o700)
    await cache.save(SOURCE, DOCUMENT)
    assert.notEqual(await cache.load(SOURCE), undefined)
    // Also where it is opened later.
    chmodSync(folder, 0o720)
    assert.equal(await cache.load(SOURCE), undefined)
    assert.equal(told.length, 2)
  })

  it('is not read through a link, nor from a pipe, a folder or a device', async (t) => {
    const { cache, parent, file, told } = subject(t)
    await cache.save(SOURCE, DOCUMENT)
    const elsewhere = join(parent, 'elsewhere.json')
    renameSync(file, elsewhere)
    symlinkSync(elsewhere, file)
    assert.equal(await cache.load(SOURCE), undefined)
    rmSync(file)
    execFileSync('sh', ['-c', 'mkfifo -m 600 "$0"', file])
    assert.equal(await cache.load(SOURCE), undefined)
    rmSync(file)
    mkdirSync(file, { mode: 0o700 })
    assert.equal(await cache.load(SOURCE), undefined)
    assert.match(told.join(), /because it is no file/)
    rmSync(file, { recursive: true })
    linkSync(elsewhere, file)
    assert.notEqual(await cache.load(SOURCE), undefined)
  })

  it('is never written through a link: the link is replaced', async (t) => {
    const { cache, parent, file } = subject(t)
    await cache.save(SOURCE, DOCUMENT)
    const victim = join(parent, 'victim')
    writeFileSync(victim, 'mine')
    rmSync(file)
    symlinkSync(victim, file)
    await cache.save(SOURCE, DOCUMENT)
    assert.equal(readFileSync(victim, 'utf8'), 'mine')
    assert.notEqual(await cache.load(SOURCE), undefined)
  })

  it('is not a folder that is a link', async (t) => {
    const { cache, parent, folder, told } = subject(t)
    const elsewhere = join(parent, 'elsewhere')
    mkdirSync(elsewhere, { mode: 0o700 })
    mkdirSync(join(parent, 'deep'))
    symlinkSync(elsewhere, folder)
    await cache.save(SOURCE, DOCUMENT)
    assert.deepEqual(readdirSync(elsewhere), [])
    assert.deepEqual(told, [
      `\`${folder}\` is not used, because it is a link or no folder; name a folder itself as \`keyCache\``,
    ])
  })
})

describe('a folder that cannot be written', () => {
  it('is told of once, and again after it could', async (t) => {
    const { cache, parent, folder, told } = subject(t)
    // A file where a folder should be: also for root, who may write everywhere else.
    writeFileSync(join(parent, 'deep'), '')
    for (let i = 0; i < 3; i++) await cache.save(SOURCE, DOCUMENT)
    assert.equal(await cache.load(SOURCE), undefined)
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', /^keys cannot be kept in `.*` \((?:ENOTDIR|EEXIST)\); name a folder/)
    rmSync(join(parent, 'deep'))
    await cache.save(SOURCE, DOCUMENT)
    assert.notEqual(await cache.load(SOURCE), undefined)
    rmSync(folder, { recursive: true })
    writeFileSync(folder, '')
    await cache.save(SOURCE, DOCUMENT)
    assert.equal(told.length, 2)
  })

  it(
    'ends the attempt where a file system makes no folders',
    { skip: process.platform === 'linux' ? false : 'only Linux has /proc', timeout: 10_000 },
    () => {
      const module = JSON.stringify(new URL('key-cache.ts', import.meta.url).href)
      // In a process of its own: what Node tries for ever in a thread would hold this one, too.
      const script = `const { FolderKeyCache } = await import(${module})
        await new FolderKeyCache('/proc/claimgate/keys', console.log, Date).save('a', { text: '' })`
      const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
        timeout: 8000,
        killSignal: 'SIGKILL',
      })
      assert.match(told, /^keys cannot be kept in `\/proc\/claimgate\/keys` \(ENOENT\); name a folder/)
    },
  )

  it('leaves no piece of a file behind', async (t) => {
    const { cache, folder, file, told } = subject(t)
    await cache.save(SOURCE, DOCUMENT)
    rmSync(file)
    // What has the name is a folder with something in it, which no file replaces.
    mkdirSync(join(file, 'x'), { recursive: true })
    await cache.save(SOURCE, DOCUMENT)
    assert.deepEqual(readdirSync(folder), [`${SOURCE}.json`])
    assert.match(told[0] ?? '', /cannot be kept/)
  })

  it(
    'that is read only keeps nothing and breaks nothing',
    { skip: IS_ROOT ? 'root writes everywhere' : false },
    async (t) => {
      const { cache, folder, told } = subject(t)
      await cache.save(SOURCE, DOCUMENT)
      chmodSync(folder, 0o500)
      await cache.save(SOURCE, { ...DOCUMENT, fetchedAtMs: 7 })
      assert.equal((await loadedBy(cache))?.fetchedAtMs, 1000)
      assert.match(told[0] ?? '', /EACCES/)
      chmodSync(folder, 0o700)
    },
  )
})

function loadedBy(cache: FolderKeyCache): Promise<CachedDocument | undefined> {
  return cache.load(SOURCE)
}
