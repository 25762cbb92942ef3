/**
 * The variables of the environment, other than those of configuration keys (config/environment.ts) and of the tests
 * (CONTRIBUTING.md): what they mean, and what they may be. docs/configuration.md has them as a table.
 */
import {GanError} from './errors.js';

interface Facts {
  /** What it is, in docs/configuration.md. */
  help: string;
  /** The values that it may have, and what each means. Without: any text. */
  values?: Readonly<Record<string, string>>;
  /** It may have several of them, separated by commas. */
  list?: true;
  /** It is a number of seconds above 0; this where it is not set. */
  seconds?: number;
  /** It is a number of bytes, such as `50G`. */
  bytes?: true;
}

export const variables = {
  GAN_DEBUG: {
    help: 'prints debug output; several values are separated by commas',
    values: {
      capture: 'which training steps are captured, and why others are not',
      kernels: 'which kernels ran and for how long, when the device is closed',
      sync: 'cuda: waits for each operation, so that an error names the operation that caused it',
      alloc:
        'cuda: an allocation of the driver for each tensor, so that compute-sanitizer sees what is read or written beside it',
      cudnn: 'cuda: what cuDNN offers for each convolution, and what is taken',
    },
    list: true,
  },
  GAN_CONFIG_DIR: {help: "the folder of the user's configuration file"},
  GAN_DATA_DIR: {help: 'the folder of installed plug-ins'},
  GAN_CACHE_DIR: {help: 'the folder of the cache, which also has data from servers'},
  GAN_DATA_CACHE: {
    help: 'how much data from servers the cache keeps, 0 for none; 20G if it is not set ([data.md](data.md#data-on-servers))',
    bytes: true,
  },
  GAN_PICTURES: {
    help: 'how the terminal shows pictures ([watching.md](watching.md))',
    values: {
      auto: 'asks the terminal',
      none: 'not at all',
      kitty: "by kitty's protocol",
      iterm2: "by iTerm2's protocol",
      sixel: 'as sixels',
    },
  },
  GAN_PLUGINS: {
    help: 'whether installed plug-ins are used',
    values: {on: 'they are', off: 'they are left out, except for `gan plugins`'},
  },
  GAN_PLUGIN_SECONDS: {help: 'how long a listing waits for a part of a plug-in', seconds: 10},
  GAN_NPM_REGISTRY: {help: 'the registry of `gan plugins install`'},
  GAN_NPM_LOG_LEVEL: {help: 'the log level of npm in `gan plugins`'},
  GAN_MPIRUN: {help: 'the mpirun that `--ranks` starts ([clusters.md](clusters.md))'},
  GAN_MPI_LIBRARY: {help: 'the file of the MPI library, where that of mpirun is not found'},
  GAN_RANK_TIMEOUT: {help: 'seconds without a sign of life after which a rank is lost; 30 if it is not set'},
  GAN_TRACE: {
    help: 'file for a trace of kernels and of exchanges with other ranks ([clusters.md](clusters.md#to-see-it))',
  },
  GAN_NATIVE: {help: 'whether the backend native is used', values: {on: 'it is', off: 'it is left out'}},
  GAN_NATIVE_ISA: {
    help: 'the widest instruction set that the backend native uses',
    values: {
      auto: 'what the processor has',
      amx: 'AMX',
      avx512bf16: 'AVX-512 with bfloat16',
      avx512: 'AVX-512',
      avx2: 'AVX2',
      portable: 'what every processor of its kind has',
    },
  },
  GAN_NATIVE_FLAGS: {help: 'more flags for the compiler of its kernels'},
  GAN_CUDA_LIBS: {help: 'folders with CUDA libraries ([plugins/cuda](../plugins/cuda/README.md))'},
  GAN_CUDA_RANKS: {
    help: 'how several ranks on cuda exchange: nccl, mpi or host ([clusters.md](clusters.md#how-sums-travel))',
  },
  GAN_CUDA_PROBE_SECONDS: {help: 'how long the NVIDIA driver may take to list its cards', seconds: 10},
  GAN_WEBGPU_SOFTWARE: {
    help: 'whether the backend webgpu accepts an adapter that computes on the CPU',
    values: {1: 'it does', 0: 'it does not'},
  },
} as const satisfies Readonly<Record<string, Facts>>;

export type Variable = keyof typeof variables;
type Named<Fact extends keyof Facts> = {
  [Name in Variable]: (typeof variables)[Name] extends Record<Fact, unknown> ? Name : never;
}[Variable];

type Environment = Readonly<Record<string, string | undefined>>;

/** The text of a variable; undefined where it is not set, or empty. */
export const valueOf = (name: Variable, env: Environment = process.env): string | undefined => env[name] || undefined;

/** A number of seconds. @throws GanError GAN_CONFIG_VALUE (exit 3) */
export function secondsOf(name: Named<'seconds'>, env?: Environment): number {
  assertVariable(name, env);
  return Number(valueOf(name, env) ?? variables[name].seconds);
}

/** Whether a variable has a value, or has it among others. @throws GanError GAN_CONFIG_VALUE (exit 3) */
export function hasValue<Name extends Named<'values'>>(
  name: Name,
  value: keyof (typeof variables)[Name]['values'] & string,
  env?: Environment,
): boolean {
  assertVariable(name, env);
  return wordsOf(valueOf(name, env)).includes(value);
}

/** A number of bytes; undefined where it is not set. @throws GanError GAN_CONFIG_VALUE (exit 3) */
export function bytesOf(name: Named<'bytes'>, env?: Environment): number | undefined {
  assertVariable(name, env);
  const [, number, unit = ''] = bytes.exec(valueOf(name, env) ?? '') ?? [];
  return number === undefined
    ? undefined
    : Number(number) * 1024 ** ' KMGT'.indexOf(unit === '' ? ' ' : unit.toUpperCase());
}

/** What is wrong with any of the variables. @throws GanError GAN_CONFIG_VALUE (exit 3) */
export function assertVariables(env: Environment = process.env): void {
  for (const name of Object.keys(variables) as Variable[]) assertVariable(name, env);
}

const bytes = /^(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?$/i;

const wordsOf = (text = ''): string[] => text.split(',').map((word) => word.trim());

function assertVariable(name: Variable, env?: Environment): void {
  const text = valueOf(name, env);
  const facts: Facts = variables[name];
  if (text === undefined || isRight(text, facts)) return;
  throw new GanError('config', 'GAN_CONFIG_VALUE', `${name} is '${text}'; it may be ${describeValues(facts)}.`, {
    suggestions: [`${name}: ${facts.help.replace(/ \(\[.*$/, '')}.`, `Or unset ${name}.`],
  });
}

function isRight(text: string, {values, list, seconds, bytes: areBytes}: Facts): boolean {
  if (seconds !== undefined) return Number(text) > 0 && Number(text) < Infinity;
  if (areBytes) return bytes.test(text);
  const words = list ? wordsOf(text).filter((word) => word !== '') : [text];
  return values === undefined || words.every((word) => Object.hasOwn(values, word));
}

/** `one of a, b`; `a number of seconds`. */
export function describeValues({values, list, seconds, bytes: areBytes}: Facts): string {
  if (seconds !== undefined) return `a number of seconds; ${seconds} if it is not set`;
  if (areBytes) return 'a number of bytes, such as 50G';
  if (values === undefined) return 'text';
  const names = Object.keys(values).join(', ');
  return list ? `any of ${names}` : Object.keys(values).length === 1 ? names : `one of ${names}`;
}
