import {Command, Flags, type Interfaces} from '@oclif/core';
import {GanError} from '../../errors.js';
import type {ConfigSources} from '../../config/layers.js';
import type {Registry} from '../../plugin/registry.js';
import type {FindRunOptions} from '../../runs/find-run.js';
import {assertVariables} from '../../variables.js';
import {reportError, reportOf} from './error-report.js';
import {goOnWithoutOutput} from './output.js';
import {indented, jsonText, printable} from '../text/printable.js';
import {styleFor} from '../text/style.js';

/**
 * The base of all commands: `--json` and `--quiet`, results on stdout, messages on stderr, errors with code, remedy and
 * exit code. What commands print goes through here, where nothing in it can command a terminal. Commands parse, call
 * the library and print. They load tfjs and `src/gan` only inside `run`.
 */
export abstract class BaseCommand extends Command {
  static override baseFlags = {
    json: Flags.boolean({description: 'results and errors as JSON on stdout', helpGroup: 'GLOBAL'}),
    quiet: Flags.boolean({char: 'q', description: 'no progress and no hints', helpGroup: 'GLOBAL'}),
  };

  /** Whether the command makes something, and goes on to its end when nobody reads what it prints. */
  static makesThings = false;

  #failed = false;

  protected override async init(): Promise<void> {
    await super.init();
    assertVariables();
    if ((this.ctor as typeof BaseCommand).makesThings) goOnWithoutOutput();
  }

  /** As oclif's, but an argument that is not given stays absent: oclif would take it from stdin, all of it. */
  protected override parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options: Interfaces.Input<F, B, A> = this.ctor as unknown as Interfaces.Input<F, B, A>, argv = this.argv) {
    const args = Object.fromEntries(
      Object.entries(options.args ?? {}).map(([name, arg]) => [name, {...(arg as object), ignoreStdin: true}]),
    ) as unknown as Interfaces.ArgInput<A>;
    assertNoValues({...options.baseFlags, ...options.flags}, argv);
    const {baseFlags} = options; // inherited by commands: a spread leaves it out
    return super.parse<F, B, A>({...options, ...(baseFlags && {baseFlags}), args}, argv);
  }

  /** Results for people. Nothing with `--json`. */
  protected result(text: string): void {
    if (!this.asksFor('--json')) process.stdout.write(`${printable(text)}\n`);
  }

  /** Results for programs: one JSON value a line. Nothing without `--json`. */
  protected json(value: unknown): void {
    if (this.asksFor('--json')) process.stdout.write(`${jsonText(value)}\n`);
  }

  /** Talk for people, on stderr. Nothing with `--quiet`. */
  protected talk(text: string): void {
    if (!this.asksFor('--quiet')) process.stderr.write(`${printable(text)}\n`);
  }

  protected warning(text: string): void {
    process.stderr.write(`${printable(`${styleFor(process.stderr)('yellow', 'Warning')}: ${indented(text)}`)}\n`);
  }

  /**
   * All parts that can be chosen by name: built-in ones and those of every plug-in that oclif knows.
   * @param options `quiet`: says nothing of plug-ins that are not used
   */
  protected async openRegistry({quiet = false} = {}): Promise<Registry> {
    const {openRegistry} = await import('../../plugin/discover.js');
    const registry = openRegistry(this.config.plugins.values(), this.config.dataDir);
    for (const {package: name, reason} of quiet ? [] : registry.problems)
      this.warning(`the plug-in ${name} is not used: ${reason}`);
    return registry;
  }

  /**
   * The folder of a run that the user names (`findRun`), and says which one where that is not what was typed.
   * @throws GanError GAN_RUN_NOT_FOUND (exit 5), GAN_RUN_AMBIGUOUS (exit 2)
   */
  protected async runNamed(name: string, options: FindRunOptions = {}): Promise<string> {
    const {findRun} = await import('../../runs/find-run.js');
    const dir = await findRun(name, options);
    if (dir !== name) this.talk(`Run ${dir}`);
    return dir;
  }

  /** The inputs of `resolveConfig` besides the flags and the project's file: the user's file and the environment. */
  protected get configSources(): ConfigSources {
    return {userFolder: this.config.configDir, env: process.env, warn: (text) => this.warning(text)};
  }

  protected override catch(error: Error): Promise<void> {
    const flags = {...this.ctor.baseFlags, ...this.ctor.flags};
    if (!reportOf(error)) return Promise.reject(error);
    this.#failed = true;
    process.exitCode = reportError(error, {
      json: this.asksFor('--json'),
      typed: {
        id: this.ctor.id,
        argv: this.argv,
        flags: ['help', ...Object.keys(flags)],
        args: Object.keys(this.ctor.args),
      },
    });
    return Promise.resolve();
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    if (this.#failed) this.parsed = true; // or oclif warns that the arguments were never parsed
    await super.finally(error);
  }

  /** True if a global flag was given. Works before parsing and after a failed parse. */
  protected asksFor(flag: '--json' | '--quiet'): boolean {
    const end = this.argv.indexOf('--');
    const before = end === -1 ? this.argv : this.argv.slice(0, end);
    return before.includes(flag) || (flag === '--quiet' && before.some((word) => /^-y?qy?$/.test(word)));
  }
}

/**
 * oclif takes `--conditional=true` for an argument.
 * @throws GanError GAN_USAGE (exit 2) where a flag that is given or not has a value
 */
function assertNoValues(
  flags: Readonly<Record<string, {type: string; allowNo?: boolean}>>,
  argv: readonly string[],
): void {
  for (const word of argv) {
    if (word === '--') return;
    const [, no = '', name = ''] = /^--(no-)?([\w-]+)=/.exec(word) ?? [];
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag?.type !== 'boolean' || (no !== '' && flag.allowNo !== true)) continue;
    throw new GanError('usage', 'GAN_USAGE', `--${no}${name} takes no value: ${word}`, {
      suggestions: [flag.allowNo === true ? `--${name}, or --no-${name}` : `--${name}, or leave it out`],
    });
  }
}
