/**
 * Text of one line in which everything can be seen. Names, messages and numbers come from files and from the code of
 * others; a control character in them would be an order to a terminal, and an invisible one would make two names look
 * alike.
 */

/** An emoji with what belongs to it: zero-width joiners and variation selectors are rightful only there. */
const emoji = '\\p{Extended_Pictographic}[\\uFE0F\\p{Emoji_Modifier}]?';

/**
 * Control characters, C1 included; what Unicode says is not shown by itself, which bidirectional controls, zero-width
 * characters, fillers and tags are; separators of lines and paragraphs; halves of surrogate pairs; characters of
 * annotations and those that are none; more combining marks in a row than any writing has.
 */
const hidden =
  '[\\p{Cc}\\p{Default_Ignorable_Code_Point}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Noncharacter_Code_Point}\\uFFF9-\\uFFFB]|(?<=\\p{M}{8})\\p{M}';

const pattern = new RegExp(`(${emoji}(?:\\u200D${emoji})*)|${hidden}`, 'gu');
const plain = /^[\x20-\x7E]*$/;

/** `\u001b`: as JSON and JavaScript write it, so that a text in one of them keeps its value. */
const escape = (character: string): string =>
  Array.from({length: character.length}, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  );

/** One line with everything visible: line feeds, too, are written as escapes, and tabs as blanks. */
export const printableLine = (text: string): string =>
  plain.test(text)
    ? text
    : text.replaceAll(
        pattern,
        (all: string, shown: string | undefined) => shown ?? (all === '\t' ? ' ' : all === '\n' ? '\\n' : escape(all)),
      );
