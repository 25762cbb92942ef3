import {Errors, type Hook} from '@oclif/core';
import {exitCodes} from '../../errors.js';
import {didYouMean} from '../../options/nearest.js';
import {printReport, type ErrorReport} from './error-report.js';

/** oclif's hook for a command that does not exist: exit code 2 and the command that was probably meant. */
const hook: Hook.CommandNotFound = ({id, argv = [], config}) => {
  const spaced = (name: string): string => name.replaceAll(':', ' ');
  const names = [...config.commandIDs, ...config.topics.map(({name}) => name)].map(spaced);
  const words = spaced(id).split(' '); // the command's arguments may be among them
  const meant = words
    .map((_, i) => words.slice(0, words.length - i).join(' '))
    .map((start) => didYouMean(start, names))
    .find((name) => name !== undefined);
  const report: ErrorReport = {
    code: 'GAN_USAGE',
    message: `There is no command '${spaced(id)}'.`,
    suggestions: [...(meant === undefined ? [] : [`Did you mean 'gan ${meant}'?`]), 'gan --help'],
    exitCode: exitCodes.usage,
  };
  printReport(report, argv.includes('--json'));
  Errors.exit(exitCodes.usage);
};

export default hook;
