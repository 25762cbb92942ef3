#!/usr/bin/env node
// CommonJS, as the first module that is imported starts Node's pool of threads: its size is set before. Pictures are
// decoded in it, one in each thread.
const {availableParallelism} = require('node:os');
const path = require('node:path');

process.env.UV_THREADPOOL_SIZE ||= String(Math.max(4, availableParallelism()));

void import('../dist/cli/command/main.js').then(({main}) =>
  main(process.argv.slice(2), path.join(__dirname, '..', path.sep)),
);
