/** Exit codes of the command line, by kind of failure (docs/exit-codes.md). */
export const exitCodes = {
  ok: 0,
  bug: 1,
  usage: 2,
  config: 3,
  backend: 4,
  data: 5,
  diverged: 6,
  sigint: 130,
} as const;

export type ErrorKind = 'usage' | 'config' | 'backend' | 'data' | 'diverged';

const errorKinds: ReadonlySet<string> = new Set<ErrorKind>(['usage', 'config', 'backend', 'data', 'diverged']);

export interface GanErrorOptions {
  /** What the user can do about it, the most helpful first. Each entry is a sentence or a command. */
  suggestions?: string[];
  cause?: unknown;
}

/**
 * An error that the user can do something about.
 * `code` is stable (`GAN_...`), `kind` decides the exit code, the message says what was wrong, where, and what was
 * wanted.
 */
export class GanError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly suggestions: string[];

  constructor(kind: ErrorKind, code: `GAN_${string}`, message: string, options: GanErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.name = 'GanError';
    this.kind = kind;
    this.code = code;
    this.suggestions = options.suggestions ?? [];
  }

  get exitCode(): number {
    return exitCodes[this.kind];
  }
}

/** True for a GanError of any copy of this package (a plug-in may carry its own). Never throws. */
export function isGanError(error: unknown): error is GanError {
  try {
    if (error instanceof GanError) return true;
    if (!(error instanceof Error) || error.name !== 'GanError') return false;
    const {code, kind, suggestions} = error as Partial<GanError>;
    return typeof code === 'string' && kind !== undefined && errorKinds.has(kind) && Array.isArray(suggestions);
  } catch {
    return false;
  }
}

/** Returns the message of a caught value, which may be anything. Never throws. */
export function messageOf(error: unknown): string {
  try {
    const text: unknown = error instanceof Error ? error.message : String(error);
    return typeof text === 'string' ? text : String(text);
  } catch {
    return 'an error that cannot be read';
  }
}
