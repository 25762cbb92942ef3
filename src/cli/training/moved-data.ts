import {GanError} from '../../errors.js';
import {hideKeys} from '../../address.js';
import {flagMeantBy} from '../command/other-words.js';

/** The words of `gan fit` that say what it trains on. */
export interface GivenData {
  /** DATA, and the value of `--data`. */
  argument: string | undefined;
  moved: string | undefined;
  /** The run that goes on. */
  resume: string | undefined;
  argv: readonly string[];
}

/** What a training reads: DATA, or for a run that goes on also `--data`. @throws GanError GAN_USAGE */
export function dataOf({argument, moved, resume, argv}: GivenData): string | undefined {
  if (moved === undefined) return argument;
  const refuse = (message: string, advice: string): GanError =>
    new GanError('usage', 'GAN_USAGE', message, {suggestions: [advice]});
  if (argument !== undefined)
    throw refuse(`The data are given twice: ${hideKeys(argument)}, and --data ${hideKeys(moved)}.`, 'Leave one out.');
  if (resume !== undefined) return moved;
  const typed = {id: 'fit', argv, flags: [], args: ['data']};
  throw refuse('--data is for a run that goes on, with --resume.', flagMeantBy('--data', typed)!);
}
