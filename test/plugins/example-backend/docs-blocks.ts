/** The files that docs/backends.md shows. */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../../commands/helpers.js';

export interface Block {
  /** From the root of the repository. */
  file: string;
  /** The keys of its JSON that are shown; undefined: the whole file. */
  keys: string[] | undefined;
  text: string;
}

/** `<!-- FILE -->` or `<!-- FILE: KEYS of its JSON -->` before a block of code says what the block is. */
const block = /<!-- (\S+?)(?:: ([\w ]+))? -->\n```\w+\n([^]*?)```/g;

export const docsBlocks: readonly Block[] = [
  ...readFileSync(path.join(root, 'docs/backends.md'), 'utf8').matchAll(block),
].map(([, file, keys, text]) => ({file: file!, keys: keys?.split(' '), text: text!}));
