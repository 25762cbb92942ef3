/** The prototypes of NVIDIA's functions that are committed here, as data. */
import {readFileSync} from 'node:fs';
import path from 'node:path';

export const headerNames = ['cuda.h', 'nvrtc.h', 'cublasLt.h', 'cudnn.h', 'nccl.h'] as const;
export type HeaderName = (typeof headerNames)[number];

export interface Prototype {
  name: string;
  /** As C writes them, `const` and `*` included. */
  result: string;
  parameters: {type: string; name: string}[];
}

export const textOf = (header: HeaderName): string => readFileSync(path.join(import.meta.dirname, header), 'utf8');

/** Each function of a header, on a line of its own. */
export function prototypesOf(header: HeaderName): Prototype[] {
  return [...textOf(header).matchAll(/^([\w ]+[ *]+)(\w+)\((.*)\);$/gm)].map(([, result, name, list]) => ({
    name: name!,
    result: result!.trim(),
    parameters: (list === 'void' ? [] : list!.split(', ')).map((one) => {
      const [, type, parameter] = /^(.*?)(\w+)$/.exec(one)!;
      return {type: type!.trim(), name: parameter!};
    }),
  }));
}

/** What sets the types before the functions. */
export const typesIn = (header: HeaderName): string =>
  textOf(header)
    .split('\n')
    .filter((line) => line.startsWith('typedef'))
    .join('\n');

/** The types of handles, which tell a stream from an event, with their structs. */
export const handlesIn = (header: HeaderName): Map<string, string> =>
  new Map(
    [...textOf(header).matchAll(/^typedef struct (\w+) \*(\w+);$/gm)].map(([, struct, name]) => [name!, struct!]),
  );
