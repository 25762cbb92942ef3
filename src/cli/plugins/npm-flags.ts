import {Flags, type Interfaces} from '@oclif/core';
import type {InstallOptions} from './npm-plugins.js';

export const verboseFlag = () => Flags.boolean({char: 'v', description: 'show the output of npm'});

export const scriptsFlag = () =>
  Flags.boolean({description: 'let the packages run their install scripts; without it none runs'});

/** How npm is to run, by the flags of a command and GAN_NPM_REGISTRY, GAN_NPM_LOG_LEVEL. */
export function npmSettings(
  config: Pick<Interfaces.Config, 'npmRegistry' | 'scopedEnvVar'>,
  flags: {verbose: boolean; 'allow-scripts': boolean},
): InstallOptions {
  const logLevel = flags.verbose ? 'verbose' : config.scopedEnvVar('NPM_LOG_LEVEL');
  return {
    registry: config.npmRegistry,
    allowScripts: flags['allow-scripts'],
    ...(logLevel !== undefined && {logLevel}),
  };
}
