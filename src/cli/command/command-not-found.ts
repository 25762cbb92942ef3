import {Errors, type Hook} from '@oclif/core';
import {exitCodes} from '../../errors.js';
import {didYouMean} from '../../options/nearest.js';
import {printReport, type ErrorReport} from './error-report.js';
import {commandLine, commandMeantBy} from './other-words.js';

/** oclif's hook for a command that does not exist: exit code 2 and the command that was probably meant. */
const hook: Hook.CommandNotFound = ({id, argv = [], config}) => {
  const spaced = (name: string): string => name.replaceAll(':', ' ');
  const names = [...config.commandIDs, ...config.topics.map(({name}) => name)].map(spaced);
  const words = spaced(id).split(' '); // the command's arguments may be among them
  const rest = process.argv.slice(3); // the id has colons for the spaces between words that have colons themselves
  const other = commandMeantBy(words[0]!);
  const meant =
    other ??
    words
      .map((_, i) => words.slice(0, words.length - i).join(' '))
      .map((start) => didYouMean(start, names))
      .find((name) => name !== undefined);
  const report: ErrorReport = {
    code: 'GAN_USAGE',
    message: `There is no command '${other === undefined ? spaced(id) : words[0]}'.`,
    suggestions: [
      ...(other === undefined ? [] : [lineOf(other, rest)]),
      ...(other !== undefined || meant === undefined ? [] : [`Did you mean 'gan ${meant}'?`]),
      'gan --help   lists the commands',
    ],
    exitCode: exitCodes.usage,
  };
  printReport(report, argv.includes('--json'));
  Errors.exit(exitCodes.usage);
};

/** What was typed with the right command: `gan fit photos` for `gan train photos`; a run to resume has to be named. */
function lineOf(command: string, rest: readonly string[]): string {
  if (command === '--version') return 'gan --version';
  const [first, ...others] = command.split(' ');
  const needsRun = others[0] === '--resume' && (rest.length === 0 || rest[0]!.startsWith('-'));
  return commandLine(first!, [...others, ...(needsRun ? ['latest'] : []), ...rest]);
}

export default hook;
