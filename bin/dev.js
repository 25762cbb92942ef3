#!/usr/bin/env node
// Commands from src, through tsx. Parts and plug-ins are loaded as built: run `npm run build` once.
import {execute} from '@oclif/core';

await execute({development: true, dir: import.meta.url});
