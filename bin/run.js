#!/usr/bin/env node
import {fileURLToPath} from 'node:url';
import {flush, handle, run} from '@oclif/core';
import {loadConfig} from '../dist/cli/config/load-config.js';

try {
  await run(process.argv.slice(2), await loadConfig(fileURLToPath(new URL('..', import.meta.url))));
  await flush();
} catch (error) {
  await handle(error);
}
