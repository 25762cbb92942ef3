import type {Readable, Writable} from 'node:stream';
import type {Assignments} from '../../config/assignments.js';
import type {CommentedFormat} from '../../config/commented.js';
import {parseData} from '../../config/data.js';
import {configKeys, scalarSpecs, type ScalarKey} from '../../options/config-keys.js';
import {checkOption} from '../../options/options-check.js';
import type {Registry} from '../../plugin/registry.js';

/** The streams for questions and answers. Tests use other streams. */
export interface AskOn {
  input: Readable;
  output: Writable;
}

export interface Answers {
  chosen: Assignments;
  format: CommentedFormat;
}

/** Numbers that depend on the images and on the machine: the recipe's, unless another is wanted. */
const asked: readonly ScalarKey[] = ['size', 'batchSize', 'epochs'];

/**
 * Asks for what a configuration should have at least; what is given already is not asked for.
 * @param presets the value that each key has with a recipe
 * @returns undefined when the user breaks off
 */
export async function askConfig(
  registry: Registry,
  {chosen, format}: {chosen: Assignments; format: CommentedFormat | undefined},
  presets: (recipe: string) => Promise<Record<string, unknown>>,
  on: AskOn,
): Promise<Answers | undefined> {
  const {isCancel, select, text} = await import('@clack/prompts');
  const answers: Assignments = new Map(chosen);
  const set = (key: string, value: string): void => void answers.set(key, {value, origin: 'the answer'});
  const fault = (check: () => unknown): string | undefined => {
    try {
      check();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  if (!chosen.has('data')) {
    const data = await text({
      ...on,
      message: 'Which images? A folder, or builtin:shapes',
      initialValue: 'builtin:shapes',
      validate: (value = '') => fault(() => parseData({value, origin: 'the answer'}, process.cwd())),
    });
    if (isCancel(data)) return undefined;
    set('data', data);
  }
  if (!chosen.has('recipe')) {
    const options = await Promise.all(
      registry.names('recipe').map(async (value) => ({
        value,
        hint: await registry.describe('recipe', value).then(
          ({summary}) => summary,
          (error: Error) => error.message,
        ),
      })),
    );
    const automatic = {value: configKeys.recipe.default, hint: 'the best one for the images and the device'};
    const recipe = await select({
      ...on,
      message: 'Which recipe?',
      options: [automatic, ...options],
      initialValue: configKeys.recipe.default,
    });
    if (isCancel(recipe)) return undefined;
    set('recipe', recipe);
  }
  const preset = await presets(String(answers.get('recipe')!.value));
  for (const key of asked) {
    if (chosen.has(key)) continue;
    const initial = String(preset[key]);
    const value = await text({
      ...on,
      message: `${key}: ${scalarSpecs[key].help}`,
      initialValue: initial,
      validate: (given = '') => fault(() => checkOption(key, scalarSpecs[key], {value: given, origin: 'the answer'})),
    });
    if (isCancel(value)) return undefined;
    if (value !== initial) set(key, value);
  }
  if (format !== undefined) return {chosen: answers, format};
  const wanted = await select<CommentedFormat>({
    ...on,
    message: 'In which format?',
    initialValue: 'yaml',
    options: [
      {value: 'yaml', label: 'YAML'},
      {value: 'ts', label: 'TypeScript'},
      {value: 'mjs', label: 'JavaScript'},
    ],
  });
  return isCancel(wanted) ? undefined : {chosen: answers, format: wanted};
}
