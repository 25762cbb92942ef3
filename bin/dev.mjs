#!/usr/bin/env node
// Commands from src, through tsx. Parts and plug-ins are loaded as built: run `npm run build` once.
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {register} from 'tsx/esm/api';
import {execute, Plugin} from '@oclif/core';

register();

const {load} = Plugin.prototype;
Plugin.prototype.load = function () {
  if (this.options.isRoot) this.options.ignoreManifest = true; // it tells of the commands as they were built
  return load.call(this);
};

const root = fileURLToPath(new URL('..', import.meta.url));
const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const {oclif, ...pjson} = JSON.parse(text);
const fromSource = JSON.parse(JSON.stringify(oclif).replaceAll('./dist/', './src/').replaceAll('.js"', '.ts"'));
await execute({loadOptions: {root, pjson: {...pjson, oclif: fromSource}}});
