#!/usr/bin/env node
// Written for every Node that there is: an old one must get to the message below.
const major = Number(process.versions.node.split('.')[0])
const minor = Number(process.versions.node.split('.')[1])
if (major < 22 || (major === 22 && minor < 19)) {
  console.error('error: claimgate needs Node 22.19 or later; this is Node ' + process.versions.node)
  process.exit(2)
} else {
  import('../dist/cli/main.js').then(
    function (cli) {
      return cli.main(process.argv)
    },
    function (cause) {
      if (cause && cause.code === 'ERR_MODULE_NOT_FOUND' && String(cause.message).includes('dist')) {
        console.error('error: claimgate is not built yet\nhint: run `npm run build`')
        process.exit(2)
      }
      throw cause
    },
  )
}
