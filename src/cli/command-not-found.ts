import {Errors, type Hook} from '@oclif/core';
import {exitCodes} from '../errors.js';
import {didYouMean} from '../plugin/nearest.js';

/** oclif's hook for a command that does not exist: exit code 2 and the command that was probably meant. */
const hook: Hook.CommandNotFound = ({id, config}) => {
  const names = config.commandIDs.map((name) => name.replaceAll(':', ' '));
  const meant = didYouMean(id, names);
  Errors.error(`There is no command '${id}'.`, {
    exit: exitCodes.usage,
    suggestions: [...(meant === undefined ? [] : [`gan ${meant}`]), 'gan --help'],
  });
};

export default hook;
