import {GanError} from '../../../errors.js';

/** The error for a file of a set whose content is wrong. */
export const wrongFile = (
  path: string,
  what: string,
  suggestions: string[] = ['Download or copy the file again.'],
  cause?: unknown,
): GanError =>
  new GanError('data', 'GAN_DATA_FORMAT', `${path} ${what}`, {suggestions, ...(cause !== undefined && {cause})});

/** The error for a set without pictures. */
export const noPictures = (path: string, what: string, others = 0): GanError =>
  new GanError(
    'data',
    'GAN_DATA_EMPTY',
    `${path}, a ${what}, holds no picture${others > 0 ? ` among ${others} file${others === 1 ? '' : 's'}` : ''}`,
    {suggestions: ['Name a file or a folder with pictures in it.', 'Try the built-in images: builtin:shapes']},
  );
