import {readFileSync} from 'node:fs';
import type {Element, KernelSource} from '../gpu.js';

/** CUDA C of this package, beside `src` and `dist`. */
const folder = new URL('../../kernels/', import.meta.url);

const made: KernelSource[] = [];

/** Every variant of every source that kernels launch: they are made when their modules are loaded. */
export const sources: readonly KernelSource[] = made;

/**
 * A variant of a source file: its text with headers put in place, below the macros that it is written in.
 * @param file without its extension
 * @param name tells the variant from others of the file
 */
export function source(file: string, name = '', macros: Readonly<Record<string, string>> = {}): KernelSource {
  const lines = Object.entries(macros).map(([macro, value]) => `#define ${macro} ${value}\n`);
  const variant: KernelSource = {
    name: name ? `${file}/${name}` : file,
    get text() {
      return lines.join('') + textOf(`${file}.cu`);
    },
  };
  made.push(variant);
  return variant;
}

/** Variants of a source file by how the arrays lie that it calls ELEMENT. */
export const byElement = (file: string): Readonly<Record<Element, KernelSource>> => ({
  float: source(file, '', {ELEMENT: 'float'}),
  bf16: source(file, 'bf16', {ELEMENT: 'bf16'}),
});

const texts = new Map<string, string>();

/** Read when it is first wanted: listings load this module. */
function textOf(file: string): string {
  let text = texts.get(file);
  if (text === undefined) {
    text = withHeaders(file, new Set());
    texts.set(file, text);
  }
  return text;
}

function withHeaders(file: string, seen: Set<string>): string {
  if (seen.has(file)) return '';
  seen.add(file);
  const text = readFileSync(new URL(file, folder), 'utf8').replace('#pragma once\n', '');
  return text.replace(/^#include "(.+)"$/gm, (_, header: string) => withHeaders(header, seen));
}
