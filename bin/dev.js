#!/usr/bin/env node
// Commands from src, through tsx. Parts and plug-ins are loaded as built: run `npm run build` once.
import {register} from 'tsx/esm/api';
import {execute} from '@oclif/core';

register(); // oclif does this for commands, too late for the help class
await execute({development: true, dir: import.meta.url});
